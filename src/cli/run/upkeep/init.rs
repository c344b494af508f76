//! `pintle ecs init`: what an account has becomes the `ecs:` part of pintle.yaml. Nothing is made but the
//! file, and what flags ask for.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::super::super::environment::Environment;
use super::super::{amazon, prompt};
use crate::backend::ecs::cluster::{Ecs, Found, Used};
use crate::backend::ecs::config::LaunchType;
use crate::backend::ecs::store::{Location, Scope, State};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::net::aws::{Api, Options, Sources};
use crate::ui::Terminal;

/// The file that is written.
const FILE: &str = "pintle.yaml";

/// What was chosen.
#[derive(Default)]
struct Chosen {
    cluster: String,
    state: String,
    subnets: Vec<String>,
    groups: Vec<String>,
    is_public: bool,
    execution_role: String,
    task_role: String,
    vpc: String,
    listener: String,
    plain_listener: String,
    launch_type: String,
}

/// Asks where somebody can answer.
struct Asker<'a> {
    flags: &'a FlagSet,
    terminal: &'a mut Terminal,
    is_interactive: bool,
}

impl Asker<'_> {
    /// What a flag says, the only choice, or what is answered; `choices` are words with explanations.
    ///
    /// # Errors
    /// Several choices, and nobody to ask.
    fn one(
        &mut self,
        flag: &str,
        what: &str,
        choices: &[(String, String)],
    ) -> Result<String, Error> {
        let given = self.flags.text(flag);
        if !given.is_empty() {
            return Ok(given.to_owned());
        }
        match choices {
            [] => Ok(String::new()),
            [(one, _)] => Ok(one.clone()),
            several if self.is_interactive => self.ask(what, several),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
                let message =
                    format!("there are several that could be the {what}: choose with --{flag}");
                Err(Error::new(Kind::Usage, message)
                    .with_hint(format!("There are: {}.", names.join(", "))))
            }
        }
    }

    fn ask(&mut self, what: &str, choices: &[(String, String)]) -> Result<String, Error> {
        for (at, (name, about)) in choices.iter().enumerate() {
            self.terminal
                .print(&format!("  {}  {name}  {about}\n", at + 1));
        }
        loop {
            let answer = prompt::line(&format!("{what} [1]: "), self.terminal)?;
            let answer = answer.trim();
            let at = if answer.is_empty() {
                Some(1)
            } else {
                answer.parse::<usize>().ok()
            };
            let chosen = at.and_then(|at| choices.get(at.checked_sub(1)?));
            let named = choices.iter().find(|(name, _)| name == answer);
            if let Some((name, _)) = chosen.or(named) {
                return Ok(name.clone());
            }
            self.terminal
                .print(&format!("{answer:?} is none of them.\n"));
        }
    }
}

/// Writes the `ecs:` part of pintle.yaml.
///
/// # Errors
/// There is such a part, what is needed is not there or not named, the store is not there.
pub(in crate::cli) fn init(
    flags: &FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let path = match flags.text("config") {
        "" => PathBuf::from(FILE),
        given => PathBuf::from(given),
    };
    let before = existing(&path)?;
    let ecs = amazon::open(flags.text("cluster"), flags, environment)?;
    let mut found = ecs.clusters()?;
    if found.clusters.is_empty() {
        let message = format!(
            "there are no ECS clusters in account {} and region {}",
            found.account, found.region
        );
        return Err(Error::new(Kind::NotFound, message).with_hint(
            "`aws ecs create-cluster --cluster-name NAME` makes one; nothing is made here.",
        ));
    }
    ecs.look_around(&mut found);
    for line in &found.unseen {
        terminal.complain(&format!("not seen: {line}\n"));
    }
    let mut asker = Asker {
        flags,
        is_interactive: std::io::stdin().is_terminal() && !flags.is("yes"),
        terminal,
    };
    let chosen = choose(&ecs, &found, &mut asker)?;
    store(&chosen.state, &found, &chosen.cluster, (flags, environment))?;
    let text = write(&found, &chosen, &before);
    if flags.is("print") {
        terminal.print(&text);
        return Ok(());
    }
    fs::write(&path, &text).map_err(|error| {
        Error::new(
            Kind::Io,
            os::path_error("write", path.display().to_string(), &error),
        )
    })?;
    super::super::super::config::load(&path).map(drop)?;
    terminal.print(&format!(
        "{}: releases go to the cluster {} in {}, and are recorded in {}.\n",
        path.display(),
        chosen.cluster,
        found.region,
        chosen.state
    ));
    for (value, what) in [
        (
            &chosen.execution_role,
            "execution role: tasks cannot pull from ECR, read secrets or write logs",
        ),
        (&chosen.listener, "listener: Ingresses cannot be reached"),
    ] {
        if value.is_empty() {
            terminal.complain(&format!("warning: there is no {what}\n"));
        }
    }
    terminal.print("`pintle ecs verify RELEASE CHART` looks at what a chart needs.\n");
    Ok(())
}

/// The text of the file as it is; empty where there is none.
///
/// # Errors
/// It has a part for ECS already, or cannot be read.
fn existing(path: &Path) -> Result<String, Error> {
    let shown = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(Error::new(Kind::Io, os::path_error("open", &shown, &error))),
    };
    super::super::super::config::load(path).map(drop)?;
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    match has("ecs:") || has("\"ecs\":") || has("{") {
        true => {
            let message =
                format!("{shown} says already what holds for Amazon ECS: it is not overwritten");
            Err(Error::new(Kind::Conflict, message).with_hint(
                "`--print` prints what would be written; `--config FILE` writes another file.",
            ))
        }
        false => Ok(text),
    }
}

fn choose(ecs: &Ecs, found: &Found, asker: &mut Asker<'_>) -> Result<Chosen, Error> {
    let plain = |names: &[String]| -> Vec<(String, String)> {
        names
            .iter()
            .map(|name| (name.clone(), String::new()))
            .collect()
    };
    let cluster = asker.one("cluster", "cluster", &plain(&found.clusters))?;
    if !found.clusters.contains(&cluster) {
        let message = format!("there is no cluster {cluster:?} in {}", found.region);
        return Err(Error::new(Kind::NotFound, message)
            .with_hint(format!("There are: {}.", found.clusters.join(", "))));
    }
    let state = match asker.flags.text("state") {
        "" if asker.is_interactive => prompt::line(
            "where releases are recorded, s3://BUCKET/PREFIX or a folder: ",
            asker.terminal,
        )?,
        given => given.to_owned(),
    };
    if state.trim().is_empty() {
        let message = "where are releases recorded? Name a bucket or a folder with --state";
        return Err(Error::new(Kind::Usage, message)
            .with_hint("--state s3://BUCKET/PREFIX, or --state file:PATH"));
    }
    let used = ecs.used(&cluster)?;
    let listener = listener(found, asker)?;
    let vpc = vpc(found, &used, &listener, asker)?;
    let (subnets, is_public) = subnets(found, &used, &vpc, asker)?;
    let groups = groups(found, &used, &vpc, asker)?;
    let role = |name: &str| -> Vec<(String, String)> {
        let like = found
            .roles
            .iter()
            .filter(|it| it.to_lowercase().contains(name));
        plain(&like.cloned().collect::<Vec<_>>())
    };
    let execution_role = match used.execution_roles.as_slice() {
        [] => asker.one("execution-role", "execution role", &role("execution"))?,
        some => asker.one("execution-role", "execution role", &plain(some))?,
    };
    let launch_type = match asker.flags.text("launch-type") {
        "" => String::new(),
        given => match LaunchType::of(given) {
            Some(kind) => kind.word().to_owned(),
            None => {
                return Err(Error::new(
                    Kind::Usage,
                    format!(
                        "{given:?} is no launch type: FARGATE, EC2, EXTERNAL or MANAGED_INSTANCES"
                    ),
                ));
            }
        },
    };
    let http = found.listeners.iter().find(|it| {
        let same = found.listeners.iter().find(|other| other.arn == listener);
        it.protocol == "HTTP"
            && same.is_some_and(|same| same.balancer == it.balancer && same.arn != it.arn)
    });
    Ok(Chosen {
        cluster,
        state: state.trim().to_owned(),
        subnets,
        groups,
        is_public,
        execution_role,
        task_role: asker.flags.text("task-role").to_owned(),
        vpc,
        plain_listener: http.map(|it| it.arn.clone()).unwrap_or_default(),
        listener,
        launch_type,
    })
}

/// The listener for Ingresses: one with TLS before others.
fn listener(found: &Found, asker: &mut Asker<'_>) -> Result<String, Error> {
    let of = |protocol: &str| -> Vec<(String, String)> {
        let some = found.listeners.iter().filter(|it| it.protocol == protocol);
        some.map(|it| {
            (
                it.arn.clone(),
                format!("{} {}:{}", it.balancer, it.protocol, it.port),
            )
        })
        .collect()
    };
    let secure = of("HTTPS");
    let choices = if secure.is_empty() {
        of("HTTP")
    } else {
        secure
    };
    asker.one("listener", "listener", &choices)
}

/// The VPC: that of the subnets that are named or used, of the listener, or the only one.
fn vpc(found: &Found, used: &Used, listener: &str, asker: &mut Asker<'_>) -> Result<String, Error> {
    let named = asker.flags.list("subnets");
    let known = if named.is_empty() {
        &used.subnets[..]
    } else {
        named
    };
    let of_subnet = found.subnets.iter().find(|it| known.contains(&it.id));
    let of_listener = found.listeners.iter().find(|it| it.arn == listener);
    let given = asker.flags.text("vpc");
    if given.is_empty()
        && let Some(vpc) = of_subnet
            .map(|it| &it.vpc)
            .or(of_listener.map(|it| &it.vpc))
    {
        return Ok(vpc.clone());
    }
    let mut vpcs: Vec<(String, String)> = Vec::new();
    for subnet in &found.subnets {
        if !vpcs.iter().any(|(vpc, _)| *vpc == subnet.vpc) {
            let count = found
                .subnets
                .iter()
                .filter(|it| it.vpc == subnet.vpc)
                .count();
            vpcs.push((subnet.vpc.clone(), format!("{count} subnets")));
        }
    }
    asker.one("vpc", "VPC", &vpcs)
}

/// The subnets that are named or used, or all private ones of the VPC, or all public ones.
fn subnets(
    found: &Found,
    used: &Used,
    vpc: &str,
    asker: &Asker<'_>,
) -> Result<(Vec<String>, bool), Error> {
    let named = asker.flags.list("subnets");
    let is_public = |ids: &[String]| {
        let mut them = found
            .subnets
            .iter()
            .filter(|it| ids.contains(&it.id))
            .peekable();
        them.peek().is_some() && them.all(|it| it.is_public)
    };
    if !named.is_empty() {
        if let Some(unknown) = named
            .iter()
            .find(|id| !found.subnets.is_empty() && !found.subnets.iter().any(|it| it.id == **id))
        {
            return Err(Error::new(
                Kind::NotFound,
                format!("there is no subnet {unknown:?}"),
            ));
        }
        return Ok((named.to_vec(), is_public(named)));
    }
    if !used.subnets.is_empty() {
        let public = used.is_public.unwrap_or_else(|| is_public(&used.subnets));
        return Ok((used.subnets.clone(), public));
    }
    let of = |public: bool| -> Vec<String> {
        let some = found
            .subnets
            .iter()
            .filter(|it| it.vpc == vpc && it.is_public == public);
        some.map(|it| it.id.clone()).take(16).collect()
    };
    let (private, public) = (of(false), of(true));
    match (private.is_empty(), public.is_empty()) {
        (false, _) => Ok((private, false)),
        (true, false) => Ok((public, true)),
        (true, true) => {
            let message = format!("there are no subnets in {vpc:?}: name some with --subnets");
            Err(Error::new(Kind::NotFound, message))
        }
    }
}

/// The security groups that are named or used, or one of the VPC.
fn groups(
    found: &Found,
    used: &Used,
    vpc: &str,
    asker: &mut Asker<'_>,
) -> Result<Vec<String>, Error> {
    let named = asker.flags.list("security-groups");
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    if !used.groups.is_empty() {
        return Ok(used.groups.iter().take(5).cloned().collect());
    }
    let own = found.groups.iter().filter(|it| it.vpc == vpc);
    let choices: Vec<(String, String)> = own.map(|it| (it.id.clone(), it.name.clone())).collect();
    let chosen = asker.one("security-groups", "security group", &choices)?;
    Ok(Some(chosen)
        .filter(|it| !it.is_empty())
        .into_iter()
        .collect())
}

/// Makes sure that the store is there; a folder is made where `--create-state` asks for it.
///
/// # Errors
/// It is not there, or may not be read.
fn store(
    state: &str,
    found: &Found,
    cluster: &str,
    (flags, environment): (&FlagSet, &Environment),
) -> Result<(), Error> {
    let location = Location::parse(state)?;
    if let (Location::Folder(folder), true) = (&location, flags.is("create-state")) {
        fs::create_dir_all(folder).map_err(|error| {
            Error::new(
                Kind::Io,
                os::path_error("mkdir", folder.display().to_string(), &error),
            )
        })?;
    }
    let api = Api::new(Options {
        sources: Sources {
            variables: environment.all(),
            profile: flags.text("profile").to_owned(),
            region: found.region.clone(),
        },
        endpoint: flags.text("endpoint-url").to_owned(),
        ..Options::default()
    });
    let scope = Scope {
        account: found.account.clone(),
        region: found.region.clone(),
        cluster: cluster.to_owned(),
    };
    let checked = State::open(&location, &scope, Some(&api)).and_then(|state| state.check());
    checked.map_err(|error| {
        let error = error.wrap(format!("the state store {location} cannot be used"));
        match location {
            Location::Bucket { bucket, .. } => error.with_hint(format!(
                "`aws s3 mb s3://{bucket}` makes the bucket; nothing is made here."
            )),
            _ => error.with_hint("`--create-state` makes the folder."),
        }
    })
}

/// The file with the part for ECS.
fn write(found: &Found, chosen: &Chosen, before: &str) -> String {
    let mut text = before.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !before.lines().any(|line| line.starts_with("target:")) {
        text.push_str(&format!("target: ecs:{}\n", chosen.cluster));
    }
    let quoted = |value: &str| serde_json::Value::from(value).to_string();
    let word = |value: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
        let is_text = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.')
            && !value.contains(": ");
        match value.chars().all(is_plain) && is_text && !value.ends_with(':') {
            true => value.to_owned(),
            false => quoted(value),
        }
    };
    let list = |values: &[String]| {
        values
            .iter()
            .map(|it| word(it))
            .collect::<Vec<_>>()
            .join(", ")
    };
    text.push_str("ecs:\n");
    let mut line = |key: &str, value: String| {
        if !value.is_empty() && value != "\"\"" {
            text.push_str(&format!("  {key}: {value}\n"));
        }
    };
    line("region", word(&found.region));
    line("account", quoted(&found.account));
    line("cluster", word(&chosen.cluster));
    line("state", word(&chosen.state));
    line("launchType", chosen.launch_type.clone());
    line("executionRoleArn", word(&chosen.execution_role));
    line("taskRoleArn", word(&chosen.task_role));
    if !chosen.subnets.is_empty() {
        text.push_str(&format!(
            "  network:\n    subnets: [{}]\n",
            list(&chosen.subnets)
        ));
        if !chosen.groups.is_empty() {
            text.push_str(&format!("    securityGroups: [{}]\n", list(&chosen.groups)));
        }
        text.push_str(&format!("    assignPublicIp: {}\n", chosen.is_public));
    }
    if !chosen.listener.is_empty() {
        text.push_str(&format!(
            "  ingress:\n    vpcId: {}\n    listenerArn: {}\n",
            word(&chosen.vpc),
            word(&chosen.listener)
        ));
        if !chosen.plain_listener.is_empty() {
            text.push_str(&format!(
                "    httpListenerArn: {}\n",
                word(&chosen.plain_listener)
            ));
        }
    }
    text
}
