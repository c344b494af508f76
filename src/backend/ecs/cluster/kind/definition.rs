//! Task definitions: a revision is never changed, and a new one is only made of new content.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::account::{Account, list, text, texts};
use super::super::compare::Difference;
use super::super::live::Live;
use super::super::normal;
use super::super::tag::{self, Form, RELEASE, SPEC, Tags};
use super::{Around, Kind, Read, Step, each, whole};
use crate::backend::ecs::desired::{Resource, canonical};
use crate::diag::Error;

/// A family of task definitions, as its newest revision.
pub(super) struct Definition;

/// The digest of the content that a task definition has, its references filled in.
pub(in super::super) fn digest(resource: &Resource) -> String {
    let text = canonical(&whole(resource));
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a revision has the content that is wanted: its tag says so, or what it is.
pub(in super::super) fn equal(live: &Live, resource: &Resource) -> bool {
    if live.tag(SPEC) == Some(digest(resource).as_str()) {
        return true;
    }
    let mut is = live.spec.clone();
    super::settle(super::DEFINITION, &mut is);
    is == whole(resource)
}

/// The newest active revision of a family, or the revision that is named.
///
/// # Errors
/// What ECS says.
pub(in super::super) fn read_one(account: &Account, name: &str) -> Result<Option<Live>, Error> {
    let said = account.ecs(
        "DescribeTaskDefinition",
        &json!({"taskDefinition": name, "include": ["TAGS"]}),
    );
    let said = match said {
        Ok(said) => said,
        Err(fault) if fault.is_missing() => return Ok(None),
        // ECS has no code of its own for it.
        Err(fault)
            if fault.is("ClientException") && fault.message.contains("Unable to describe") =>
        {
            return Ok(None);
        }
        Err(fault) => return Err(fault.into()),
    };
    Ok(live(&said).filter(|live| {
        live.told["status"] != "INACTIVE" && live.told["status"] != "DELETE_IN_PROGRESS"
    }))
}

fn live(said: &Value) -> Option<Live> {
    let told = &said["taskDefinition"];
    let arn = told["taskDefinitionArn"].as_str()?;
    let mut spec = told.clone();
    normal::definition(&mut spec);
    let revision = told["revision"].to_string();
    let mut live = Live::new(arn, spec)
        .with("family", text(told, "family"))
        .with("revision", &revision)
        .tagged(tag::read(&said["tags"]));
    live.told = told.clone();
    Some(live)
}

impl Kind for Definition {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        each(around, wanted, |resource| {
            read_one(around.account, text(&resource.request, "family"))
        })
    }

    fn settle(&self, spec: &mut Value) {
        normal::definition(spec);
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut tags = step.tags.clone();
        tags.insert(SPEC.to_owned(), digest(step.resource));
        let mut request = step.request();
        request["tags"] = tag::write(Form::Lower, &tags);
        let mut said = around.account.ecs("RegisterTaskDefinition", &request)?;
        said["tags"] = request["tags"].clone();
        live(&said).ok_or_else(|| super::super::reason::odd("RegisterTaskDefinition"))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        _live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        self.create(around, step)
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        super::service::retag(around, &live.id, set, gone)
    }

    /// All revisions that the release has made.
    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let family = live.attributes.get("family").map_or("", String::as_str);
        let arns = revisions(around.account, family)?;
        let newest = live.id.clone();
        let owner = live.tag(RELEASE).map(str::to_owned);
        let is_ours = |arn: &String| -> Result<bool, Error> {
            if *arn == newest {
                return Ok(true);
            }
            let found = read_one(around.account, arn)?;
            Ok(found.is_some_and(|it| it.tag(RELEASE).map(str::to_owned) == owner))
        };
        let ours = around
            .account
            .each(&arns, |arn| is_ours(arn).map(|is| is.then(|| arn.clone())));
        let ours = ours.into_iter().collect::<Result<Vec<_>, _>>()?;
        deregister(
            around.account,
            &ours.into_iter().flatten().collect::<Vec<_>>(),
        )
    }
}

/// The active revisions of a family, the oldest first.
///
/// # Errors
/// What ECS says.
pub(in super::super) fn revisions(account: &Account, family: &str) -> Result<Vec<String>, Error> {
    let input = json!({"familyPrefix": family, "status": "ACTIVE", "sort": "ASC"});
    let service = &crate::net::aws::service::ECS;
    let found = account
        .api
        .pages(service, "ListTaskDefinitions", &input, "taskDefinitionArns")?;
    let arns = texts(&json!({"arns": found}), "arns");
    let is_of = |arn: &String| {
        let name = super::super::account::last(arn);
        name.rsplit_once(':').is_some_and(|(of, _)| of == family)
    };
    Ok(arns.into_iter().filter(is_of).collect())
}

/// Ends revisions: nothing new starts with them, and ECS forgets them once nothing runs with them.
///
/// # Errors
/// What ECS says.
pub(in super::super) fn deregister(account: &Account, arns: &[String]) -> Result<(), Error> {
    let ended = account.each(arns, |arn| {
        account.ecs("DeregisterTaskDefinition", &json!({"taskDefinition": arn}))
    });
    for said in ended {
        said.map_err(|fault| Error::from(*fault))?;
    }
    for some in arns.chunks(10) {
        // Inactive ones are as good as gone, where they may not be deleted.
        let _ = account.ecs("DeleteTaskDefinitions", &json!({"taskDefinitions": some}));
    }
    Ok(())
}

/// The log groups that the containers of a task definition write to.
pub(in super::super) fn log_groups(spec: &Value) -> Vec<String> {
    list(spec, "containerDefinitions")
        .map(|container| {
            text(&container["logConfiguration"]["options"], "awslogs-group").to_owned()
        })
        .filter(|group| !group.is_empty())
        .collect()
}
