//! Names of services inside a network.

use serde_json::{Value, json};

use super::state::{ACCOUNT, REGION, State};
use super::{Answer, merge, refuse, text, unknown};

impl State {
    pub(super) fn discovery(&mut self, operation: &str, input: &Value) -> Answer {
        let missing = || refuse("ServiceNotFound", "The service does not exist.");
        Ok(match operation {
            "ListNamespaces" => json!({"Namespaces": self.namespaces.values().collect::<Vec<_>>()}),
            "GetNamespace" => match self.namespaces.get(text(input, "Id")) {
                Some(found) => json!({"Namespace": found}),
                None => return refuse("NamespaceNotFound", "The namespace does not exist."),
            },
            "CreateService" => {
                let namespace = match text(input, "NamespaceId") {
                    "" => text(&input["DnsConfig"], "NamespaceId"),
                    id => id,
                };
                if !self.namespaces.contains_key(namespace) {
                    return refuse("NamespaceNotFound", "The namespace does not exist.");
                }
                let name = text(input, "Name");
                let known = self.discovered.values();
                if known
                    .clone()
                    .any(|it| it["Name"] == name && it["NamespaceId"] == namespace)
                {
                    return refuse("ServiceAlreadyExists", "Service already exists.");
                }
                let namespace = namespace.to_owned();
                let (number, now) = (self.next(), self.now());
                let id = format!("srv-{number:016x}");
                let arn = format!("arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/{id}");
                let mut service =
                    json!({"Id": id, "Arn": arn, "NamespaceId": namespace, "CreateDate": now});
                let members = [
                    "Name",
                    "Description",
                    "DnsConfig",
                    "HealthCheckConfig",
                    "HealthCheckCustomConfig",
                    "Type",
                ];
                merge(&mut service, input, &members);
                self.set_tags(&arn, &input["Tags"]);
                self.discovered.insert(id, service.clone());
                json!({"Service": service})
            }
            "GetService" => match self.discovered.get(text(input, "Id")) {
                Some(found) => json!({"Service": found}),
                None => return missing(),
            },
            "UpdateService" => match self.discovered.get_mut(text(input, "Id")) {
                Some(known) => {
                    merge(
                        known,
                        &input["Service"],
                        &["Description", "DnsConfig", "HealthCheckConfig"],
                    );
                    json!({"OperationId": "o"})
                }
                None => return missing(),
            },
            "DeleteService" => match self.discovered.remove(text(input, "Id")) {
                Some(_) => json!({}),
                None => return missing(),
            },
            "ListServices" => {
                let wanted: Vec<&str> = input["Filters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|filter| filter["Name"] == "NAMESPACE_ID")
                    .filter_map(|filter| filter["Values"][0].as_str())
                    .collect();
                let found = self
                    .discovered
                    .values()
                    .filter(|it| wanted.is_empty() || wanted.contains(&text(it, "NamespaceId")));
                json!({"Services": found.collect::<Vec<_>>()})
            }
            "ListTagsForResource" => {
                json!({"Tags": self.tags_of(text(input, "ResourceARN"), ["Key", "Value"])})
            }
            "TagResource" => {
                self.set_tags(text(input, "ResourceARN"), &input["Tags"]);
                json!({})
            }
            _ => return unknown(operation),
        })
    }
}
