//! What services say no with, and what can be done about it.

use std::fmt;

use serde_json::Value;

use super::element;
use super::wire::is_throttled;
use crate::diag::{Error, Kind};
use crate::net::Answer;

/// The code and the words of an answer that is no, whatever the service speaks.
pub(super) fn told(answer: &Answer) -> (String, String) {
    let text = String::from_utf8_lossy(&answer.body);
    if text.trim_start().starts_with('<') {
        let part = |name: &str| super::unescaped(element(&text, name).unwrap_or_default());
        return (part("Code"), part("Message"));
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let given = match answer.header("x-amzn-errortype") {
        "" => ["__type", "code", "Code"]
            .iter()
            .find_map(|name| said[*name].as_str())
            .unwrap_or_default(),
        given => given,
    };
    let code = given.split(':').next().unwrap_or(given);
    let code = code.rsplit('#').next().unwrap_or(code);
    let message = ["message", "Message", "errorMessage"]
        .iter()
        .find_map(|name| said[*name].as_str())
        .unwrap_or_default();
    (code.to_owned(), message.to_owned())
}

/// The number under which a service remembers a request.
pub(super) fn request_id(answer: &Answer) -> String {
    let header = ["x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .map(|name| answer.header(name))
        .find(|id| !id.is_empty());
    if let Some(id) = header {
        return id.to_owned();
    }
    let text = String::from_utf8_lossy(&answer.body);
    let inside = element(&text, "RequestId").or_else(|| element(&text, "RequestID"));
    inside.unwrap_or_default().to_owned()
}

/// Why an operation of a service was not done.
#[derive(Debug)]
pub struct Fault {
    /// The service, as policies name it: `ecs`.
    pub service: &'static str,
    /// The operation: `CreateService`.
    pub operation: String,
    /// What it was asked of, where the request says.
    pub resource: String,
    /// The status of the answer; 0 where none came.
    pub status: u16,
    /// The service's name for it, `ClusterNotFoundException`; empty where no answer came.
    pub code: String,
    /// The service's words.
    pub message: String,
    /// The service's number of the request.
    pub request_id: String,
    /// Why it was not asked, or gave no answer.
    pub(super) cause: Option<Box<Error>>,
}

impl Fault {
    /// Whether it is this.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// Whether what was asked for is not there.
    pub fn is_missing(&self) -> bool {
        let ends = ["NotFound", "NotFoundException", "NoSuchEntity"];
        self.code == "ParameterNotFound" || ends.iter().any(|end| self.code.ends_with(end))
    }

    /// Whether whoever asks may not.
    pub fn is_denied(&self) -> bool {
        matches!(
            self.code.as_str(),
            "AccessDenied"
                | "AccessDeniedException"
                | "UnauthorizedOperation"
                | "AuthorizationError"
        )
    }

    /// Whether the service had too much to do until we gave up.
    pub fn is_throttled(&self) -> bool {
        is_throttled(&self.code)
    }

    /// Whether no answer came, so that nobody knows whether it was done.
    pub fn is_silence(&self) -> bool {
        self.status == 0 || self.status >= 500
    }

    /// The code that our own reports have for it, where they have one.
    pub fn finding(&self) -> Option<&'static str> {
        let message = self.message.as_str();
        match self.code.as_str() {
            "LimitExceededException" | "LimitExceeded" | "ServiceQuotaExceededException" => {
                Some("ECS1013")
            }
            "ClientException" | "InvalidParameterException"
                if message.contains("No Fargate configuration exists")
                    || message.contains("Invalid 'cpu' setting") =>
            {
                Some("ECS1008")
            }
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self.code.as_str() {
            "" => Kind::Network,
            "ConflictException" | "UpdateInProgressException" => Kind::Conflict,
            _ if self.is_missing() => Kind::NotFound,
            _ if self.is_throttled() || self.status >= 500 => Kind::Network,
            _ => Kind::Cluster,
        }
    }

    /// What to do about it.
    fn hint(&self) -> Option<String> {
        let hint = match self.code.as_str() {
            _ if self.is_denied() => return Some(self.policy()),
            _ if self.finding() == Some("ECS1008") => {
                "ECS1008: Fargate has no such pair of cpu and memory; `docs/ecs.md` lists those that it has."
            }
            _ if self.finding() == Some("ECS1013") => {
                "ECS1013: a quota of the account is used up: Service Quotas shows it, and takes a request for more."
            }
            _ if self.is_throttled() => {
                "The service has too much to do: try again later; what is done stays done."
            }
            "ClusterNotFoundException" => {
                "The cluster is `ecs.cluster` of the configuration, or the part behind `ecs:` of --target; `aws ecs list-clusters` names those that are there."
            }
            "NamespaceNotFoundException" | "NamespaceNotFound" => {
                "The namespace is `ecs.namespace` of the configuration; `aws servicediscovery list-namespaces` names those that are there."
            }
            "ServiceNotActiveException" => {
                "A service of that name is being taken away: wait until it is gone, then try again."
            }
            "PlatformTaskDefinitionIncompatibilityException" | "PlatformUnknownException" => {
                "The task definition wants what the platform does not have: look at `platformVersion`, `launchType` and `requiresCompatibilities`."
            }
            "UnsupportedFeatureException" => {
                "This region, launch type or platform version cannot do it yet."
            }
            "ConflictException" if self.operation == "RunTask" => {
                "The same client token was used with other members: it is another task."
            }
            "ConflictException" if self.operation.contains("ServiceDeployment") => {
                "The deployment has ended already."
            }
            "UnrecognizedClientException" | "InvalidClientTokenId" => {
                "The access key is not known: it was deleted, or is of another partition."
            }
            "SignatureDoesNotMatch" | "InvalidSignatureException" => {
                "The secret key does not fit the access key, or the clock is wrong."
            }
            "ExpiredToken" | "ExpiredTokenException" => {
                "The keys have ended: sign in again (`aws sso login`), or set new ones."
            }
            "OptInRequired" | "SubscriptionRequiredException" => {
                "The account has to be signed up for this service or region first."
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// A line for a policy that would allow it.
    fn policy(&self) -> String {
        let after = |word: &str| {
            let (_, rest) = self.message.split_once(word)?;
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let found = rest[..end].trim_end_matches(['.', ',']);
            (!found.is_empty()).then(|| found.to_owned())
        };
        let action =
            after("perform: ").unwrap_or_else(|| format!("{}:{}", self.service, self.operation));
        let resource = after("on resource: ").unwrap_or_else(|| "*".to_owned());
        format!(
            "A policy would have to allow it: {{\"Effect\": \"Allow\", \"Action\": {action:?}, \"Resource\": {resource:?}}}"
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service, self.operation)?;
        if !self.resource.is_empty() {
            write!(f, " {}", self.resource)?;
        }
        if let Some(cause) = &self.cause {
            return write!(f, ": {}", cause.message());
        }
        match self.code.as_str() {
            "" => write!(f, ": status {}", self.status)?,
            code => write!(f, ": {code}")?,
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message.trim_end())?;
        }
        if !self.request_id.is_empty() {
            write!(f, " (request {})", self.request_id)?;
        }
        Ok(())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        let message = fault.to_string();
        if let Some(cause) = fault.cause {
            return cause.with_message(message);
        }
        let error = Error::new(fault.kind(), message);
        match fault.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

impl From<Box<Fault>> for Error {
    fn from(fault: Box<Fault>) -> Error {
        Error::from(*fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter();
        Answer {
            status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        }
    }

    #[test]
    fn refusals_are_understood_in_every_form() {
        let xml = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>RuleNotFound</Code><Message>One &amp; more</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
        for (answer, code, message, id) in [
            (
                answer(
                    400,
                    &[("x-amzn-requestid", "r-0")],
                    r#"{"__type":"com.amazonaws.ecs#ClientException","message":"No"}"#,
                ),
                "ClientException",
                "No",
                "r-0",
            ),
            (
                answer(
                    404,
                    &[(
                        "x-amzn-errortype",
                        "ResourceNotFoundException:http://internal.amazon.com/",
                    )],
                    r#"{"Message":"Schedule x does not exist."}"#,
                ),
                "ResourceNotFoundException",
                "Schedule x does not exist.",
                "",
            ),
            (answer(400, &[], xml), "RuleNotFound", "One & more", "r-1"),
            (
                answer(
                    400,
                    &[],
                    "<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>m</Message></Error></Errors><RequestID>r-2</RequestID></Response>",
                ),
                "InvalidSubnetID.NotFound",
                "m",
                "r-2",
            ),
            (answer(502, &[], "Bad Gateway"), "", "", ""),
        ] {
            assert_eq!(told(&answer), (code.to_owned(), message.to_owned()));
            assert_eq!(request_id(&answer), id);
        }
    }

    #[test]
    fn faults_say_what_to_do() {
        let fault = |operation: &str, code: &str, message: &str| Fault {
            service: "ecs",
            operation: operation.to_owned(),
            resource: "web".to_owned(),
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: "r".to_owned(),
            cause: None,
        };
        let denied = "User: arn:aws:iam::1:user/a is not authorized to perform: ecs:CreateService on resource: arn:aws:ecs:eu-west-1:1:service/c/web because no identity-based policy allows it";
        let error = Error::from(fault("CreateService", "AccessDeniedException", denied));
        assert_eq!(
            error.hints(),
            [
                "A policy would have to allow it: {\"Effect\": \"Allow\", \"Action\": \"ecs:CreateService\", \"Resource\": \"arn:aws:ecs:eu-west-1:1:service/c/web\"}"
            ]
        );
        let error = Error::from(fault(
            "CreateService",
            "ClusterNotFoundException",
            "Cluster not found.",
        ));
        assert_eq!(
            error.message(),
            "ecs CreateService web: ClusterNotFoundException: Cluster not found. (request r)"
        );
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.hints()[0].contains("ecs.cluster"));
        let fault = fault(
            "RegisterTaskDefinition",
            "ClientException",
            "No Fargate configuration exists for given values: 3 CPU, 1 memory.",
        );
        assert_eq!(fault.finding(), Some("ECS1008"));
    }
}
