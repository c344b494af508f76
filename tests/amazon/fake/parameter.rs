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
            "DescribeSecret" | "GetSecretValue" => {
                let given = text(input, "SecretId");
                let name = given.rsplit(":secret:").next().unwrap_or(given);
                let known = self.secrets.iter().find(|(known, _)| {
                    *known == name
                        || name
                            .strip_prefix(known.as_str())
                            .is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'))
                });
                let Some((name, value)) = known else {
                    let message = "Secrets Manager can't find the specified secret.";
                    return refuse("ResourceNotFoundException", message);
                };
                let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf");
                match operation {
                    "DescribeSecret" => json!({"ARN": arn, "Name": name}),
                    _ => json!({"ARN": arn, "Name": name, "SecretString": value, "VersionId": "v"}),
                }
            }
            "CreateSecret" | "PutSecretValue" => {
                let name = match text(input, "Name") {
                    "" => text(input, "SecretId"),
                    name => name,
                };
                if operation == "CreateSecret" && self.secrets.contains_key(name) {
                    let message =
                        format!("The operation failed because the secret {name} already exists.");
                    return refuse("ResourceExistsException", message);
                }
                let value = text(input, "SecretString").to_owned();
                self.secrets.insert(name.to_owned(), value);
                let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf");
                json!({"ARN": arn, "Name": name, "VersionId": "v"})
            }
            _ => return unknown(operation),
        })
    }
}
