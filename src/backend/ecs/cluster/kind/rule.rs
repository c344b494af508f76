//! Rules of listeners. They have no names: a tag tells ours from others'.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::{found, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, NAME, NAMESPACE, RELEASE, Tags};
use super::balancing::{retag, settle_actions, tags};
use super::{Around, Kind, Read, Step};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::BALANCING;

/// A rule of a listener.
pub(super) struct Rule;

fn live(told: &Value, listener: &str) -> Live {
    let mut spec = select(told, &["Priority", "Conditions", "Actions", "Transforms"]);
    spec["ListenerArn"] = Value::from(listener);
    let mut live = Live::new(text(told, "RuleArn"), spec);
    live.told = told.clone();
    live
}

impl Kind for Rule {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        let mut listeners: BTreeMap<String, Vec<Live>> = BTreeMap::new();
        for resource in wanted {
            listeners
                .entry(text(&resource.request, "ListenerArn").to_owned())
                .or_default();
        }
        let mut failed = None;
        for (listener, rules) in &mut listeners {
            // One that is still to be made has no rules.
            if !listener.starts_with("arn:") {
                continue;
            }
            let input = json!({"ListenerArn": listener});
            let said = account
                .api
                .pages(&BALANCING, "DescribeRules", &input, "Rules");
            let told = match found(said.map(Value::Array)) {
                Ok(told) => told.unwrap_or_default(),
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            let told = told.as_array().into_iter().flatten();
            rules.extend(
                told.filter(|rule| rule["IsDefault"] != true)
                    .map(|rule| live(rule, listener)),
            );
            let arns: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
            match tags(account, &arns) {
                Ok(mut known) => {
                    for rule in rules.iter_mut() {
                        rule.tags = Some(known.remove(&rule.id).unwrap_or_default());
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        let owner = around.owner;
        let is_owned = |rule: &&Live| {
            rule.tag(RELEASE) == Some(owner.name.as_str())
                && rule.tag(NAMESPACE) == Some(owner.namespace.as_str())
        };
        wanted
            .iter()
            .map(|resource| {
                if let Some(error) = failed.take() {
                    return Err(error);
                }
                let Some(rules) = listeners.get(text(&resource.request, "ListenerArn")) else {
                    return Ok(None);
                };
                let ours = rules
                    .iter()
                    .filter(is_owned)
                    .find(|rule| rule.tag(NAME) == Some(resource.name.as_str()));
                let priority = resource.request["Priority"].to_string();
                let has_place = |rule: &&Live| {
                    text(&rule.told, "Priority") == priority.trim_matches('"') && !is_owned(rule)
                };
                Ok(ours.or_else(|| rules.iter().find(has_place)).cloned())
            })
            .collect()
    }

    fn settle(&self, spec: &mut Value) {
        normal::each(spec, "Conditions", |condition| {
            let config = match text(condition, "Field") {
                "host-header" => "HostHeaderConfig",
                "path-pattern" => "PathPatternConfig",
                _ => "",
            };
            let values = condition["Values"].clone();
            let has_values = values.as_array().is_some_and(|values| !values.is_empty());
            if !config.is_empty() && condition[config].is_null() && has_values {
                condition[config] = json!({"Values": values});
            }
            normal::drop_all(condition, &["Values"]);
            for name in [
                "HostHeaderConfig",
                "PathPatternConfig",
                "HttpHeaderConfig",
                "SourceIpConfig",
                "HttpRequestMethodConfig",
            ] {
                if let Some(inner) = condition.get_mut(name).filter(|inner| inner.is_object()) {
                    normal::sort(inner, "Values");
                    normal::drop_empty(inner);
                }
            }
            normal::drop_empty(condition);
        });
        normal::sort(spec, "Conditions");
        settle_actions(spec, "Actions");
        normal::textual(spec);
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["ListenerArn"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["Tags"] = tag::write(Form::Upper, step.tags);
        let said = around.account.ask(&BALANCING, "CreateRule", &request)?;
        Ok(live(&said["Rules"][0], text(&request, "ListenerArn")))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        let request = step.request();
        let is_changed = |name: &str| difference.changed.iter().any(|it| it == name);
        if is_changed("Priority") {
            let place = json!({"RuleArn": live.id, "Priority": request["Priority"]});
            let input = json!({"RulePriorities": [place]});
            around
                .account
                .ask(&BALANCING, "SetRulePriorities", &input)?;
        }
        if ["Conditions", "Actions", "Transforms"]
            .iter()
            .any(|name| is_changed(name))
        {
            let mut input = select(&request, &["Conditions", "Actions", "Transforms"]);
            input["RuleArn"] = Value::from(live.id.as_str());
            around.account.ask(&BALANCING, "ModifyRule", &input)?;
        }
        Ok(live.clone())
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        retag(around, &live.id, set, gone)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"RuleArn": live.id});
        super::super::account::gone(around.account.ask(&BALANCING, "DeleteRule", &input))
    }
}
