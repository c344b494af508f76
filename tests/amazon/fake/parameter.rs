//! Parameters and secrets.

use serde_json::{Value, json};

use super::state::{ACCOUNT, REGION, State};
use super::{Answer, refuse, text, texts, unknown};

impl State {
    pub(super) fn parameter(&mut self, operation: &str, input: &Value) -> Answer {
        let parameter = |name: &str, value: &str| {
            let path = name.trim_start_matches('/');
            json!({
                "Name": name, "Type": "SecureString", "Value": value, "Version": 1,
                "ARN": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}"),
            })
        };
        let short = |given: &str| {
            let name = given.rsplit(":parameter").next().unwrap_or(given);
            name.to_owned()
        };
        Ok(match operation {
            "GetParameters" => {
                let (mut found, mut invalid) = (Vec::new(), Vec::new());
                let names = texts(input, "Names");
                if names.len() > 10 {
                    return refuse("ValidationException", "At most 10 names can be given.");
                }
                for given in names {
                    let name = short(&given);
                    match self.parameters.get(&name) {
                        Some(value) => found.push(parameter(&name, value)),
                        None => invalid.push(given),
                    }
                }
                json!({"Parameters": found, "InvalidParameters": invalid})
            }
            "GetParameter" => {
                let name = short(text(input, "Name"));
                match self.parameters.get(&name) {
                    Some(value) => json!({"Parameter": parameter(&name, value)}),
                    None => {
                        return refuse("ParameterNotFound", format!("Parameter {name} not found."));
                    }
                }
            }
            "PutParameter" => {
                let (name, value) = (text(input, "Name"), text(input, "Value"));
                self.parameters.insert(name.to_owned(), value.to_owned());
                json!({"Version": 1})
            }
            "CreateSecret" => {
                let name = text(input, "Name");
                if self.secrets.contains_key(name) {
                    let message =
                        format!("The operation failed because the secret {name} already exists.");
                    return refuse("ResourceExistsException", message);
                }
                self.secrets
                    .insert(name.to_owned(), text(input, "SecretString").to_owned());
                self.tag_secret(name, input);
                json!({"ARN": arn(name), "Name": name, "VersionId": "v"})
            }
            _ => return self.secret(operation, input),
        })
    }

    /// What is asked about a secret that is there.
    fn secret(&mut self, operation: &str, input: &Value) -> Answer {
        let given = text(input, "SecretId");
        let given = given.rsplit(":secret:").next().unwrap_or(given);
        let is_it = |known: &&String| {
            *known == given
                || given
                    .strip_prefix(known.as_str())
                    .is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'))
        };
        let Some(name) = self.secrets.keys().find(is_it).cloned() else {
            let message = "Secrets Manager can't find the specified secret.";
            return refuse("ResourceNotFoundException", message);
        };
        let mut told = json!({"ARN": arn(&name), "Name": name, "VersionId": "v"});
        match operation {
            "DescribeSecret" => {
                let tags = self.tags.get(&arn(&name)).cloned().unwrap_or_default();
                let tags = tags
                    .into_iter()
                    .map(|(key, value)| json!({"Key": key, "Value": value}));
                told["Tags"] = tags.collect();
                told["VersionIdsToStages"] = json!({"v": ["AWSCURRENT"]});
            }
            "GetSecretValue" => told["SecretString"] = json!(self.secrets[&name]),
            "PutSecretValue" => {
                let value = text(input, "SecretString").to_owned();
                self.secrets.insert(name, value);
            }
            "TagResource" => self.tag_secret(&name, input),
            "UntagResource" => {
                let keys = input["TagKeys"].as_array().cloned().unwrap_or_default();
                let tags = self.tags.entry(arn(&name)).or_default();
                tags.retain(|key, _| !keys.contains(&json!(key)));
            }
            "DeleteSecret" => {
                self.secrets.remove(&name);
                self.tags.remove(&arn(&name));
            }
            _ => return unknown(operation),
        }
        Ok(told)
    }

    fn tag_secret(&mut self, name: &str, input: &Value) {
        let given = input["Tags"].as_array().into_iter().flatten();
        let tags = self.tags.entry(arn(name)).or_default();
        tags.extend(given.map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())));
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
}
