//! Tokens for clusters of Amazon EKS, made as `aws eks get-token` and `aws-iam-authenticator token`
//! make them: an address that tells who asks, signed, in base64.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::credential::Credential;
use crate::diag::Error;
use crate::go::base64;
use crate::net::aws::Sources;

/// A token as a kubeconfig asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    cluster: String,
    region: String,
    profile: String,
    /// A role to take before.
    role: String,
    session: String,
    external_id: String,
}

/// How long the address may be used, in seconds.
const SECONDS: u32 = 60;

/// How long clusters take the token; a minute less than they do.
const LIFE: Duration = Duration::from_secs(14 * 60);

impl Wanted {
    /// What the words behind `program` ask for; nothing where that is anything else than a token, or
    /// where it is not known what a word means.
    pub(super) fn read(program: &str, words: &[String]) -> Option<Wanted> {
        let (is_cli, session) = match program {
            "aws" => (true, "EKSGetTokenAuth"),
            "aws-iam-authenticator" => (false, "pintle"),
            _ => return None,
        };
        let mut wanted = Wanted {
            session: session.to_owned(),
            ..Wanted::default()
        };
        let mut plain = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                plain.push(word.as_str());
                continue;
            }
            let (flag, inside) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            // How it is printed does not matter here.
            if matches!(
                (is_cli, flag),
                (true, "--no-cli-pager" | "--no-cli-auto-prompt")
                    | (false, "--token-only" | "--cache")
            ) {
                continue;
            }
            let value = match inside {
                Some(value) => value,
                None => words.next()?.clone(),
            };
            let field = match (is_cli, flag) {
                (true, "--cluster-name" | "--cluster-id") | (false, "-i" | "--cluster-id") => {
                    &mut wanted.cluster
                }
                (true, "--role-arn") | (false, "-r" | "--role") => &mut wanted.role,
                (_, "--region") => &mut wanted.region,
                (true, "--profile") => &mut wanted.profile,
                (false, "-s" | "--session-name") => &mut wanted.session,
                (false, "-e" | "--external-id") => &mut wanted.external_id,
                (true, "--output" | "--color") => continue,
                _ => return None,
            };
            *field = value;
        }
        let is_right = match is_cli {
            true => plain == ["eks", "get-token"],
            false => plain == ["token"],
        };
        (is_right && !wanted.cluster.is_empty()).then_some(wanted)
    }

    /// Makes the token; `variables` are those that the program would have seen.
    ///
    /// # Errors
    /// There are no keys, or the role cannot be taken.
    pub(super) fn make(&self, variables: BTreeMap<String, String>) -> Result<Credential, Error> {
        let sources = Sources {
            variables,
            profile: self.profile.clone(),
            region: self.region.clone(),
        };
        let lasting = match self.role.as_str() {
            "" => sources.credentials()?,
            role => sources.assume(role, &self.session, &self.external_id)?,
        };
        let headers = [("x-k8s-aws-id", self.cluster.clone())];
        let address = sources.identity(&lasting.keys, &headers, SECONDS)?;
        let until = SystemTime::now() + LIFE;
        Ok(Credential {
            token: Some(format!("k8s-aws-v1.{}", unpadded(address.as_bytes()))),
            certificate: None,
            until: Some(lasting.until.map_or(until, |end| end.min(until))),
        })
    }
}

/// Base64 for addresses, without padding.
fn unpadded(bytes: &[u8]) -> String {
    let text = base64::encode(bytes);
    let text = text.trim_end_matches('=');
    text.replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_understood_or_left_alone() {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let wanted = |cluster: &str, region: &str, profile: &str, role: &str| Wanted {
            cluster: cluster.to_owned(),
            region: region.to_owned(),
            profile: profile.to_owned(),
            role: role.to_owned(),
            session: "EKSGetTokenAuth".to_owned(),
            external_id: String::new(),
        };
        for (program, line, want) in [
            (
                "aws",
                "eks get-token --cluster-name shop",
                Some(wanted("shop", "", "", "")),
            ),
            (
                "aws",
                "--region eu-west-1 eks get-token --cluster-name=shop --output json --role-arn arn:r --profile prod",
                Some(wanted("shop", "eu-west-1", "prod", "arn:r")),
            ),
            (
                "aws",
                "--no-cli-pager eks get-token --cluster-id x",
                Some(wanted("x", "", "", "")),
            ),
            ("aws", "eks get-token", None),
            ("aws", "eks get-token --cluster-name", None),
            ("aws", "eks list-clusters --cluster-name shop", None),
            (
                "aws",
                "eks get-token --cluster-name shop --endpoint-url x",
                None,
            ),
            (
                "aws-iam-authenticator",
                "token -i shop -r arn:r -s me -e x",
                Some(Wanted {
                    session: "me".to_owned(),
                    external_id: "x".to_owned(),
                    ..wanted("shop", "", "", "arn:r")
                }),
            ),
            ("aws-iam-authenticator", "token", None),
            ("gke-gcloud-auth-plugin", "token -i shop", None),
        ] {
            assert_eq!(Wanted::read(program, &words(line)), want, "{line}");
        }
    }

    #[test]
    fn tokens_are_addresses_that_were_signed() {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let wanted = Wanted {
            cluster: "shop".to_owned(),
            ..Wanted::default()
        };
        let made = wanted.make(BTreeMap::from(variables)).unwrap();
        let token = made.token.clone().unwrap();
        let text = token.strip_prefix("k8s-aws-v1.").unwrap();
        assert!(!text.contains(['+', '/', '=']), "{text}");
        let text = text.replace('-', "+").replace('_', "/");
        let padding = "=".repeat((4 - text.len() % 4) % 4);
        let address = base64::decode((text + &padding).as_bytes()).unwrap();
        let address = String::from_utf8(address).unwrap();
        let begin = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F";
        assert!(address.starts_with(begin), "{address}");
        assert!(address.contains(
            "&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature="
        ));
        assert!(!made.is_over());
        let without = wanted.make(BTreeMap::from([(
            "AWS_EC2_METADATA_DISABLED".to_owned(),
            "true".to_owned(),
        )]));
        let said = without.unwrap_err();
        assert!(
            said.message().starts_with("there are no AWS credentials"),
            "{said}"
        );
    }
}
