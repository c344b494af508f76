//! Where keys come from: variables, files, programs, and services, each on this machine.

use std::collections::BTreeMap;
use std::path::Path;

use pintle::net::aws::{Assumed, Credentials, Holder, Keys, Lasting, Sources};
use serde_json::{Value, json};

use super::room::http::{Request, Response, Script, Server};

/// Sources with a home folder of their own, and no machine service.
fn sources(home: &Path, more: &[(&str, &str)]) -> Sources {
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let home = home.display().to_string();
    let usual = [
        ("HOME", home.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_REGION", "eu-west-1"),
    ];
    for (name, value) in usual.iter().chain(more) {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    Sources {
        variables,
        ..Sources::default()
    }
}

/// A home folder with these two files.
fn home(config: &str, credentials: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".aws");
    std::fs::create_dir(&folder).expect("a file");
    std::fs::write(folder.join("config"), config).expect("a file");
    std::fs::write(folder.join("credentials"), credentials).expect("a file");
    home
}

fn named(sources: &Sources, profile: &str) -> Sources {
    Sources {
        profile: profile.to_owned(),
        ..sources.clone()
    }
}

fn key(sources: &Sources) -> String {
    match sources.credentials() {
        Ok(lasting) => lasting.keys.access_key,
        Err(error) => format!("error: {}", error.message()),
    }
}

/// The Security Token Service: gives keys named after what it was asked.
fn tokens(refusal: Option<&'static str>) -> Script {
    let answer = match refusal {
        Some(why) => Response::new(
            403,
            format!(
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{why}</Message></Error></ErrorResponse>"
            ),
        ),
        None => Response::new(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>taken</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        ),
    };
    Script::start(vec![answer])
}

fn holder_of(request: &Request) -> String {
    let Some((_, rest)) = request.header("authorization").split_once("Credential=") else {
        return String::new();
    };
    rest.split('/').next().expect("a key").to_owned()
}

#[test]
fn variables_and_files_come_in_the_order_of_amazons_programs() {
    let home = home(
        "[default]\nregion = us-west-2\n[profile b]\nregion = us-east-2\naws_access_key_id = config\naws_secret_access_key = s\n[profile c]\naws_access_key_id = below\naws_secret_access_key = s\n",
        "[default]\naws_access_key_id = file\naws_secret_access_key = s\n# comment\n[b]\naws_access_key_id = shared\naws_secret_access_key = s\naws_session_token = t\n",
    );
    let plain = sources(home.path(), &[]);
    assert_eq!(key(&plain), "file");
    let both = [
        ("AWS_ACCESS_KEY_ID", "variable"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    assert_eq!(key(&sources(home.path(), &both)), "variable");
    assert_eq!(key(&sources(home.path(), &both[..1])), "file");
    assert_eq!(
        key(&sources(home.path(), &[("AWS_PROFILE", "b")])),
        "shared"
    );
    assert_eq!(key(&named(&plain, "c")), "below");
    // A profile that was asked for wins over variables.
    assert_eq!(key(&named(&sources(home.path(), &both), "b")), "shared");
    assert_eq!(
        key(&named(&plain, "none")),
        "error: there is no AWS profile none"
    );
    let elsewhere = home.path().join("elsewhere");
    std::fs::write(
        &elsewhere,
        "[default]\naws_access_key_id=moved\naws_secret_access_key=s\n",
    )
    .unwrap();
    let path = elsewhere.display().to_string();
    let moved = sources(home.path(), &[("AWS_SHARED_CREDENTIALS_FILE", &path)]);
    assert_eq!(key(&moved), "moved");
    let empty = tempfile::tempdir().unwrap();
    assert!(key(&sources(empty.path(), &[])).contains("there are no AWS credentials"));

    // Regions.
    let without = |profile: &str| {
        let mut sources = named(&plain, profile);
        sources.variables.remove("AWS_REGION");
        sources.region().unwrap()
    };
    assert_eq!(plain.region().unwrap(), "eu-west-1");
    assert_eq!(without(""), "us-west-2");
    assert_eq!(without("b"), "us-east-2");
    assert_eq!(without("c"), "");
}

#[test]
fn roles_are_taken_with_what_their_profile_names() {
    let service = tokens(None);
    let home = home(
        "[profile base]\naws_access_key_id = base\naws_secret_access_key = s\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nexternal_id = e\nduration_seconds = 900\nrole_session_name = me\n\
         [profile chain]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = role\n\
         [profile variables]\nrole_arn = arn:aws:iam::1:role/c\ncredential_source = Environment\n\
         [profile device]\nrole_arn = arn:aws:iam::1:role/d\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/x\n\
         [profile loop]\nrole_arn = arn:aws:iam::1:role/e\nsource_profile = pool\n\
         [profile pool]\nrole_arn = arn:aws:iam::1:role/e\nsource_profile = loop\n\
         [profile lost]\nrole_arn = arn:aws:iam::1:role/e\nsource_profile = none\n\
         [profile bare]\nrole_arn = arn:aws:iam::1:role/e\n",
        "",
    );
    let url = service.url();
    let plain = sources(
        home.path(),
        &[
            ("AWS_ENDPOINT_URL_STS", &url),
            ("AWS_ACCESS_KEY_ID", "variable"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ],
    );
    let lasting = named(&plain, "role").credentials().unwrap();
    assert_eq!(lasting.keys.access_key, "taken");
    assert_eq!(lasting.keys.session_token, "t");
    assert!(lasting.until.is_some());
    let request = service.asked().pop().unwrap();
    assert_eq!(holder_of(&request), "base");
    assert_eq!(
        request.text(),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa&RoleSessionName=me&ExternalId=e&DurationSeconds=900"
    );
    assert_eq!(key(&named(&plain, "chain")), "taken");
    let asked = service.asked();
    let holders: Vec<String> = asked[1..].iter().map(holder_of).collect();
    assert_eq!(holders, ["base", "taken"]);
    assert_eq!(key(&named(&plain, "variables")), "taken");
    assert_eq!(holder_of(&service.asked().pop().unwrap()), "variable");
    for (profile, want) in [
        (
            "device",
            "the AWS profile device: its role wants the code of a device",
        ),
        (
            "lost",
            "the AWS profile lost: there is no profile none, its source",
        ),
        (
            "bare",
            "the AWS profile bare: its role has no source of keys",
        ),
    ] {
        assert_eq!(key(&named(&plain, profile)), format!("error: {want}"));
    }
    assert!(key(&named(&plain, "loop")).ends_with("its source leads nowhere"));

    // A role over what there is.
    let assumed = Assumed {
        sources: plain.clone(),
        arn: "arn:aws:iam::1:role/z".to_owned(),
        session: String::new(),
        external_id: "x".to_owned(),
    };
    assert_eq!(assumed.find().unwrap().keys.access_key, "taken");
    let request = service.asked().pop().unwrap();
    assert_eq!(holder_of(&request), "variable");
    assert!(
        request
            .text()
            .contains("RoleSessionName=pintle&ExternalId=x")
    );

    let service = tokens(Some("not you"));
    let url = service.url();
    let refused = sources(home.path(), &[("AWS_ENDPOINT_URL", &url)]);
    assert_eq!(
        key(&named(&refused, "role")),
        "error: the role arn:aws:iam::1:role/a cannot be taken: not you"
    );
}

#[test]
fn tokens_of_identities_are_exchanged_without_keys() {
    let service = tokens(None);
    let (url, home) = (service.url(), home("", ""));
    let token = home.path().join("token");
    std::fs::write(&token, "a.b.c\n").unwrap();
    let path = token.display().to_string();
    let plain = sources(
        home.path(),
        &[
            ("AWS_ENDPOINT_URL_STS", &url),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &path),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod"),
            ("AWS_ROLE_SESSION_NAME", "pod"),
        ],
    );
    assert_eq!(key(&plain), "taken");
    let request = service.asked().pop().unwrap();
    assert_eq!(request.header("authorization"), "");
    assert_eq!(
        request.text(),
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpod&RoleSessionName=pod&WebIdentityToken=a.b.c"
    );
    std::fs::remove_file(&token).unwrap();
    assert!(key(&plain).contains("no such file"), "{}", key(&plain));
}

#[test]
fn programs_print_keys() {
    let home = home(
        "[profile good]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"printed\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\", \"Expiration\": \"2100-01-01T00:00:00Z\"}'\n[profile bad]\ncredential_process = exit 3\n",
        "",
    );
    let plain = sources(home.path(), &[]);
    let lasting = named(&plain, "good").credentials().unwrap();
    assert_eq!(lasting.keys.access_key, "printed");
    assert!(lasting.until.is_some());
    assert!(key(&named(&plain, "bad")).contains("exit 3 gave no keys"));
}

#[test]
fn containers_have_keys() {
    let keys = r#"{"AccessKeyId": "task", "SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"}"#;
    let service = Script::start(vec![Response::new(200, keys)]);
    let home = home("", "");
    let url = format!("{}/creds", service.url());
    let file = home.path().join("token");
    std::fs::write(&file, "from-file\n").unwrap();
    let file = file.display().to_string();
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str());
    for (more, want) in [
        (vec![full], ""),
        (
            vec![full, ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain")],
            "plain",
        ),
        (
            vec![
                full,
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.as_str()),
            ],
            "from-file",
        ),
    ] {
        assert_eq!(key(&sources(home.path(), &more)), "task");
        let request = service.asked().pop().unwrap();
        assert_eq!(
            (request.path.as_str(), request.header("authorization")),
            ("/creds", want)
        );
    }
    let far = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/x")];
    assert_eq!(
        key(&sources(home.path(), &far)),
        "error: http://example.com/x is not asked for keys"
    );
    let refused = Script::start(vec![Response::new(404, "{}")]);
    let url = refused.url();
    let refusal = key(&sources(
        home.path(),
        &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)],
    ));
    assert!(refusal.contains("gives no keys: 404"), "{refusal}");
}

#[test]
fn machines_have_keys_for_those_who_show_a_token() {
    let server = Server::start(|request| {
        let token = request.header("x-aws-ec2-metadata-token");
        match (request.method.as_str(), request.path.as_str(), token) {
            ("PUT", "/latest/api/token", _)
                if request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" =>
            {
                Response::new(200, "shown")
            }
            ("GET", "/latest/meta-data/iam/security-credentials/", "shown") => {
                Response::new(200, "web-role\n")
            }
            ("GET", "/latest/meta-data/iam/security-credentials/web-role", "shown") => {
                Response::new(
                    200,
                    r#"{"Code": "Success", "AccessKeyId": "machine", "SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"}"#,
                )
            }
            _ => Response::new(401, ""),
        }
    });
    let home = home(
        "[profile role]\nrole_arn = arn:aws:iam::1:role/a\ncredential_source = Ec2InstanceMetadata\n",
        "",
    );
    let (service, url) = (tokens(None), server.url());
    let tokens_url = service.url();
    let plain = sources(
        home.path(),
        &[
            ("AWS_EC2_METADATA_DISABLED", "false"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url),
            ("AWS_ENDPOINT_URL_STS", &tokens_url),
        ],
    );
    assert_eq!(key(&plain), "machine");
    assert_eq!(key(&named(&plain, "role")), "taken");
    assert_eq!(holder_of(&service.asked().pop().unwrap()), "machine");
}

/// A home where somebody signed in; the token ends when it is said.
fn signed_in(config: &str, file: &str, until: &str, more: &Value) -> tempfile::TempDir {
    let home = home(config, "");
    let folder = home.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut token = json!({"accessToken": "token", "expiresAt": until, "region": "us-east-1"});
    for (name, value) in more.as_object().expect("members") {
        token[name] = value.clone();
    }
    std::fs::write(folder.join(file), token.to_string()).expect("a file");
    home
}

#[test]
fn people_who_signed_in_have_keys() {
    let portal = Server::start(|request| {
        if request.path == "/token" {
            let said: Value = serde_json::from_slice(&request.body).unwrap();
            let is_good = said["grantType"] == "refresh_token" && said["refreshToken"] == "again";
            return match is_good {
                true => Response::new(
                    200,
                    r#"{"accessToken": "renewed", "expiresIn": 3600, "refreshToken": "next", "tokenType": "Bearer"}"#,
                ),
                false => Response::new(400, r#"{"error": "invalid_grant"}"#),
            };
        }
        let token = request.header("x-amz-sso_bearer_token").to_owned();
        let is_asked = request.path == "/federation/credentials"
            && request.query("account_id").as_deref() == Some("111122223333")
            && request.query("role_name").as_deref() == Some("Dev");
        match (is_asked, token.as_str()) {
            (true, "token" | "renewed") => Response::new(
                200,
                format!(
                    r#"{{"roleCredentials": {{"accessKeyId": "{token}", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4102444800000}}}}"#
                ),
            ),
            _ => Response::new(401, r#"{"message": "Session token not found or invalid"}"#),
        }
    });
    let url = portal.url();
    let variables = [
        ("AWS_ENDPOINT_URL_SSO", url.as_str()),
        ("AWS_ENDPOINT_URL_SSO_OIDC", url.as_str()),
    ];
    let session = "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n";
    let legacy = "[default]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111122223333\nsso_role_name = Dev\n";
    let name = |text: &str| {
        use sha1::Digest as _;
        let digest = sha1::Sha1::digest(text.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}.json")
    };
    let none = json!({});
    let refresh = json!({
        "clientId": "c", "clientSecret": "s", "refreshToken": "again",
        "registrationExpiresAt": "2100-01-01T00:00:00Z",
    });
    let spent = json!({
        "clientId": "c", "clientSecret": "s", "refreshToken": "again",
        "registrationExpiresAt": "2001-01-01T00:00:00Z",
    });
    let refused = json!({"clientId": "c", "clientSecret": "s", "refreshToken": "used"});
    let (good, old) = ("2100-01-01T00:00:00Z", "2001-01-01T00:00:00Z");
    let failed = "error: nobody is signed in for the AWS profile default";
    for (config, file, until, more, want) in [
        (session, name("corp"), good, &none, "token"),
        (
            legacy,
            name("https://corp.awsapps.com/start"),
            good,
            &none,
            "token",
        ),
        (session, name("corp"), old, &none, failed),
        (session, name("corp"), old, &refresh, "renewed"),
        (session, name("corp"), old, &spent, failed),
        (session, name("corp"), old, &refused, failed),
        (session, name("other"), good, &none, failed),
    ] {
        let home = signed_in(config, &file, until, more);
        let sources = sources(home.path(), &variables);
        assert_eq!(key(&sources), want, "{config} {until} {more}");
        if want == "renewed" {
            // It was kept for the next one.
            let path = home.path().join(".aws/sso/cache").join(&file);
            let kept: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            assert_eq!(kept["accessToken"], "renewed");
            assert_eq!(kept["refreshToken"], "next");
            assert_eq!(kept["region"], "us-east-1");
            assert!(kept["expiresAt"].as_str().unwrap() > "2026");
            assert_eq!(key(&sources), "renewed");
        }
    }
}

#[test]
fn services_have_addresses_in_files_too() {
    let script = Script::start(vec![Response::new(200, "{}")]);
    let url = script.url();
    let config = format!(
        "[default]\nservices = local\nendpoint_url = http://127.0.0.1:1\nmax_attempts = 1\naws_access_key_id = a\naws_secret_access_key = s\n[services other]\necs =\n  endpoint_url = http://127.0.0.1:2\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:3\necs =\n  endpoint_url = {url}\n"
    );
    let home = home(&config, "");
    let api = pintle::net::aws::Api::new(pintle::net::aws::Options {
        sources: sources(home.path(), &[]),
        ..pintle::net::aws::Options::default()
    });
    use pintle::net::aws::service;
    api.ask(&service::ECS, "ListTasks", &json!({})).unwrap();
    assert_eq!(script.asked().len(), 1);
    let fault = api.ask(&service::LOGS, "DescribeLogGroups", &json!({}));
    assert!(fault.unwrap_err().to_string().contains("127.0.0.1:1"));
}

#[test]
fn keys_are_looked_for_once_and_again_before_they_end() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, SystemTime};

    struct Counted(Arc<AtomicUsize>, Vec<Option<Duration>>);
    impl Keys for Counted {
        fn find(&self) -> Result<Lasting, pintle::diag::Error> {
            let at = self.0.fetch_add(1, Ordering::SeqCst);
            let Some(lasts) = self.1.get(at) else {
                let kind = pintle::diag::Kind::Network;
                return Err(pintle::diag::Error::new(kind, "no more"));
            };
            Ok(Lasting {
                keys: Credentials {
                    access_key: at.to_string(),
                    ..Credentials::default()
                },
                until: lasts.map(|lasts| SystemTime::now() + lasts),
            })
        }
    }
    let ends = |lasts: Vec<Option<Duration>>| {
        let count = Arc::new(AtomicUsize::new(0));
        let holder = Holder::new(Box::new(Counted(Arc::clone(&count), lasts)));
        let keys: Vec<String> = (0..3)
            .map(|_| match holder.current() {
                Ok(keys) => keys.access_key,
                Err(error) => error.message().to_owned(),
            })
            .collect();
        keys.join(" ")
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(ends(vec![None]), "0 0 0");
    assert_eq!(ends(vec![seconds(3600)]), "0 0 0");
    // Those that end within a minute are renewed; where that fails, they do for now.
    assert_eq!(ends(vec![seconds(30), seconds(3600)]), "0 1 1");
    assert_eq!(ends(vec![seconds(30)]), "0 0 0");
    assert_eq!(ends(vec![seconds(0)]), "0 no more no more");
}
