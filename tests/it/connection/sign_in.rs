//! Who talks to a cluster: programs that sign in, tokens for EKS, accounts of Pods, impersonation.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::Site;
use super::recorder::{Recorder, header};
use crate::kubernetes::is_skipped;

#[test]
fn programs_sign_in() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let exec = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1", "interactiveMode": "Never",
        "command": "aws", "args": ["eks", "get-token", "--cluster-name", "shop"],
        "env": [{"name": "AWS_PROFILE", "value": "prod"}],
    }});
    let config = site.config("eks", &site.cluster(), &exec);
    let credential = |version: &str| {
        let status = json!({"token": site.token, "expirationTimestamp": "2999-01-01T00:00:00Z"});
        let version = format!("client.authentication.k8s.io/{version}");
        json!({"kind": "ExecCredential", "apiVersion": version, "spec": {}, "status": status})
    };
    let log = site.path("log");
    site.program(
        "aws",
        &format!(
            "echo \"$AWS_PROFILE $*\" >> {}\ncat <<'END'\n{}\nEND",
            log.display(),
            credential("v1beta1")
        ),
    );
    assert_eq!(site.list(&config, &[]), Ok(String::new()));
    let asked = fs::read_to_string(&log).expect("it was asked");
    let line = "prod eks get-token --cluster-name shop\n";
    assert_eq!(asked, line);
    // An upgrade that turns into an install signs in no more often than others do.
    fs::create_dir(site.path("empty")).expect("a folder");
    let chart = "apiVersion: v2\nname: empty\nversion: 1.0.0\n";
    fs::write(site.path("empty/Chart.yaml"), chart).expect("a file");
    let variables = [("KUBECONFIG", config.to_str().expect("UTF-8"))];
    let words = ["upgrade", "--install", "empty", "./empty"];
    site.helm(&words, &variables).expect("installed");
    let asked = fs::read_to_string(&log).expect("a log");
    assert_eq!(asked, line.repeat(2));

    // Whoever has a token asks no program.
    let token = site.token.as_str();
    assert_eq!(
        site.list(&config, &["--kube-token", token]),
        Ok("empty\n".to_owned())
    );
    assert_eq!(fs::read_to_string(&log).expect("a log"), asked);

    let unreachable = format!(
        "Error: kubernetes cluster unreachable: Get \"{}/version\": getting credentials: ",
        site.server
    );
    for (program, before, words) in [
        (
            "echo no credentials >&2\nexit 3",
            "no credentials\n",
            "exec: executable aws failed with exit code 3\n",
        ),
        (
            "echo '{}'",
            "",
            "exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, plugin returned version client.authentication.k8s.io/__internal\n",
        ),
    ] {
        site.program("aws", program);
        let said = site.list(&config, &[]).expect_err("refused");
        assert_eq!(said, format!("{before}{unreachable}{words}"));
    }
    // The newer API, with what the program is told; its token is refused first, and then asked for anew.
    let good = credential("v1").to_string();
    let bad = good.replace(&site.token, "old");
    site.program(
        "sign-in",
        &format!(
            "echo \"$KUBERNETES_EXEC_INFO\" >> {0}\nif [ \"$(wc -l < {0})\" = 1 ]; then echo '{bad}'; else echo '{good}'; fi",
            site.path("told").display()
        ),
    );
    let exec = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "IfAvailable",
        "command": "sign-in", "provideClusterInfo": true, "installHint": "ask Ann for sign-in",
    }});
    let config = site.config("newer", &site.cluster(), &exec);
    assert_eq!(site.list(&config, &[]), Ok("empty\n".to_owned()));
    let told = fs::read_to_string(site.path("told")).expect("it was asked");
    assert_eq!(told.lines().count(), 2, "{told}");
    let told: Value = serde_json::from_str(told.lines().next().expect("a line")).expect("JSON");
    assert_eq!(told["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(told["spec"]["interactive"], false);
    assert_eq!(told["spec"]["cluster"]["server"], site.server.as_str());
    let authority = &told["spec"]["cluster"]["certificate-authority-data"];
    assert!(authority.as_str().is_some_and(|it| !it.is_empty()));

    fs::remove_file(site.path("bin/sign-in")).expect("it was there");
    let said = site
        .list(&config, &[])
        .expect_err("there is no such program");
    let help = "exec: executable sign-in not found\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.\n\nTo learn more about this feature, consult the documentation available at:\n      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins\n\nask Ann for sign-in\n";
    assert_eq!(said, format!("{unreachable}{help}"));
}

#[test]
fn credentials_that_end_in_the_middle_are_asked_for_again() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let credential = |token: &str, until: &str| {
        json!({
            "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
            "status": {"token": token, "expirationTimestamp": until},
        })
    };
    // The first holds for one request only, the second is refused, the third is good.
    for (name, token, until) in [
        ("1", &*site.token, "2020-01-01T00:00:00Z"),
        ("2", "revoked", "2999-01-01T00:00:00Z"),
        ("3", &*site.token, "2999-01-01T00:00:00Z"),
    ] {
        fs::write(site.path(name), credential(token, until).to_string()).expect("a file");
    }
    let folder = site.folder.path().display();
    site.program(
        "sign-in",
        &format!("echo x >> {folder}/asked\ncat {folder}/$(wc -l < {folder}/asked)"),
    );
    let exec = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "sign-in",
    }});
    let config = site.config("short", &site.cluster(), &exec);
    fs::create_dir_all(site.path("chart/templates")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(site.path(name), text).expect("a file");
    write(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    );
    write(
        "chart/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
    );
    let variables = [("KUBECONFIG", config.to_str().expect("UTF-8"))];
    let said = site.helm(&["install", "shop", "./chart", "--wait"], &variables);
    assert!(said.is_ok(), "{said:?}");
    let asked = fs::read_to_string(site.path("asked")).expect("it was asked");
    assert_eq!(asked.lines().count(), 3);
}

#[test]
fn who_acts_as_somebody_says_all_about_them() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let ann = json!({
        "token": site.token, "as": "ann", "as-uid": "7", "as-groups": ["system:masters"],
        "as-user-extra": {"example.com/Reason": ["test"]},
    });
    let config = site.config("ann", &site.cluster(), &ann);
    assert_eq!(site.list(&config, &[]), Ok(String::new()));
    // Flags take the place of user and groups, and leave the rest.
    let forbidden = site.list(&config, &["--kube-as-group", "guests"]);
    let forbidden = forbidden.expect_err("guests may nothing");
    assert!(
        forbidden.contains("User \"ann\" cannot list"),
        "{forbidden}"
    );
    let server = Recorder::plain(|_| (200, "{}".to_owned()));
    let config = site.config("heard", &json!({"server": server.url}), &ann);
    let _ = site.list(
        &config,
        &[
            "--kube-as-user",
            "bob",
            "--kube-as-group",
            "a",
            "--kube-as-group",
            "b",
        ],
    );
    let log = server.log();
    let request = log.first().expect("it was asked");
    for (name, want) in [
        ("Impersonate-User", &["bob"][..]),
        // Helm reads these flags twice.
        ("Impersonate-Group", &["a", "b", "a", "b"]),
        ("Impersonate-Uid", &["7"]),
        ("Impersonate-Extra-example.com%2freason", &["test"]),
    ] {
        assert_eq!(header(request, name), want, "{request}");
    }
    // Nobody signs in where everybody could listen.
    assert!(header(request, "Authorization").is_empty(), "{request}");
}

/// An API server of EKS that takes nobody, and a client without Amazon's programs.
struct Eks {
    site: Site,
    server: Recorder,
}

impl Eks {
    fn new() -> Eks {
        let site = Site::new();
        let server = Recorder::secret(&site, |_| (401, "{}".to_owned()));
        Eks { site, server }
    }

    /// Lists releases, as `front` does, with a kubeconfig that wants `line` run; gives what was said,
    /// and the addresses in the tokens.
    fn run(&self, front: &[&str], line: &str, variables: &[(&str, &str)]) -> (String, Vec<String>) {
        let mut words = line.split(' ');
        let exec = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": words.next(), "args": words.collect::<Vec<_>>(),
            "env": [{"name": "AWS_REGION", "value": "eu-west-1"}], "installHint": "install the AWS CLI",
        }});
        let authority = &self.site.ca_file;
        let cluster = json!({"server": self.server.url, "certificate-authority": authority});
        let config = self.site.config("eks", &cluster, &exec);
        self.server.take();
        let program = Path::new(env!("CARGO_BIN_EXE_pintle"));
        let mut command = self.site.namespace.command(program);
        command
            .args(front)
            .args(["list", "-q"])
            .env("PATH", "/nowhere")
            .env("KUBECONFIG", config)
            .envs(variables.iter().copied());
        let output = command.output().expect("it runs");
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let tokens = self.server.take();
        (said, tokens.iter().map(|it| address(it)).collect())
    }
}

const GET: &str = "aws eks get-token --cluster-name shop";

#[test]
fn tokens_for_eks_are_signed_where_the_program_is_missing() {
    if is_skipped() {
        return;
    }
    let eks = Eks::new();
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    let (said, tokens) = eks.run(&[], GET, &keys);
    let begin = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F";
    // What the server refuses is signed anew, once.
    assert_eq!(tokens.len(), 2, "{said}");
    assert!(tokens.iter().all(|it| it.starts_with(begin)), "{tokens:?}");
    let refused = "the server has asked for the client to provide credentials";
    assert!(said.contains(refused), "{said}");

    // Helm wants the program.
    let (said, tokens) = eks.run(&["helm"], GET, &keys);
    assert!(tokens.is_empty(), "{tokens:?}");
    assert!(
        said.contains("exec: executable aws not found\n")
            && said.ends_with("\n\ninstall the AWS CLI\n"),
        "{said}"
    );
    let (said, tokens) = eks.run(&[], GET, &[("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(tokens.is_empty(), "{tokens:?}");
    let why = "getting credentials: aws is not installed, and pintle cannot sign the token itself: there are no AWS credentials";
    assert!(said.contains(why), "{said}");
}

#[test]
fn roles_are_taken_for_tokens() {
    if is_skipped() {
        return;
    }
    let eks = Eks::new();
    let sts = Recorder::plain(|_| {
        let keys = "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>of/role</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>";
        (200, keys.to_owned())
    });
    let file = eks.site.path("aws-config");
    fs::write(&file, "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = base\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let holder = "&X-Amz-Credential=ASIAROLE%2F";
    for (line, role, session) in [
        (
            "/nowhere/aws --profile base eks get-token --cluster-name shop --role-arn arn:aws:iam::1:role/own",
            "own",
            "EKSGetTokenAuth",
        ),
        (
            "aws eks get-token --cluster-name shop --profile ops",
            "ops",
            "pintle",
        ),
        (
            "aws-iam-authenticator token -i shop -r arn:aws:iam::1:role/iam -s me",
            "iam",
            "me",
        ),
    ] {
        sts.take();
        let variables = [
            ("AWS_CONFIG_FILE", file),
            ("AWS_PROFILE", "base"),
            ("AWS_ENDPOINT_URL_STS", &sts.url),
        ];
        let (said, tokens) = eks.run(&[], line, &variables);
        let asked = sts.take();
        let request = asked.first().unwrap_or_else(|| panic!("{said}"));
        let form = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2F{role}&RoleSessionName={session}"
        );
        assert!(request.ends_with(&form), "{request}");
        let by = header(request, "Authorization");
        let base = "AWS4-HMAC-SHA256 Credential=AKIDBASE/";
        assert!(by[0].starts_with(base), "{by:?}");
        let held = tokens[0].contains("X-Amz-Security-Token=of%2Frole&");
        assert!(held && tokens[0].contains(holder), "{tokens:?}");
    }

    // The token of an identity, as Pods have it.
    let token = eks.site.path("identity");
    fs::write(&token, "of-a-pod\n").expect("a file");
    let variables = [
        (
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            token.to_str().expect("UTF-8"),
        ),
        ("AWS_ROLE_ARN", "arn:pod"),
        ("AWS_ENDPOINT_URL_STS", &sts.url),
    ];
    let (said, tokens) = eks.run(&[], GET, &variables);
    let asked = sts.take();
    let request = asked.first().unwrap_or_else(|| panic!("{said}"));
    let is_right = request.contains("Action=AssumeRoleWithWebIdentity&")
        && request.ends_with("&WebIdentityToken=of-a-pod");
    assert!(is_right, "{request}");
    assert!(header(request, "Authorization").is_empty(), "{request}");
    assert!(tokens[0].contains(holder), "{tokens:?}");
}

#[test]
fn containers_and_machines_have_keys() {
    if is_skipped() {
        return;
    }
    let eks = Eks::new();
    let near = Recorder::plain(|request| {
        let keys = r#"{"AccessKeyId":"ASIANEAR","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#;
        let answer = match request.split(' ').nth(1).unwrap_or_default() {
            "/latest/api/token" => "session",
            "/latest/meta-data/iam/security-credentials/" => "node",
            _ => keys,
        };
        (200, answer.to_owned())
    });
    let task = format!("{}/task", near.url);
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*task),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "word"),
    ];
    let machine = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*near.url)];
    for (variables, name, value) in [
        (&container[..], "Authorization", "word"),
        (&machine[..], "X-aws-ec2-metadata-token", "session"),
    ] {
        let (said, tokens) = eks.run(&[], GET, variables);
        let holder = "&X-Amz-Credential=ASIANEAR%2F";
        let held = tokens.first().is_some_and(|it| it.contains(holder));
        assert!(held, "{said}");
        let asked = near.take();
        let last = asked.last().expect("it was asked");
        assert_eq!(header(last, name), [value]);
    }
}

#[test]
fn people_who_signed_in_once_have_keys() {
    if is_skipped() {
        return;
    }
    let eks = Eks::new();
    let portal = Recorder::plain(|_| {
        let keys = r#"{"roleCredentials":{"accessKeyId":"ASIAONCE","secretAccessKey":"s","sessionToken":"t","expiration":32472144000000}}"#;
        (200, keys.to_owned())
    });
    let home = eks.site.path("home");
    let cache = home.join(".aws/sso/cache");
    fs::create_dir_all(&cache).expect("a folder");
    let profile = "[profile dev]\nsso_start_url = https://sso.example/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = ops\n";
    fs::write(home.join(".aws/config"), profile).expect("a file");
    let variables = [
        ("HOME", home.to_str().expect("UTF-8")),
        ("AWS_PROFILE", "dev"),
        ("AWS_ENDPOINT_URL_SSO", &portal.url),
    ];
    let (said, _) = eks.run(&[], GET, &variables);
    assert!(
        said.contains("nobody is signed in for the AWS profile dev"),
        "{said}"
    );
    let token = json!({"accessToken": "once", "expiresAt": "2999-01-01T00:00:00Z"});
    // The digest of the address.
    let file = cache.join("98df91031e87f97bfc088c045be6442dc5d70b2a.json");
    fs::write(file, token.to_string()).expect("a file");
    let (said, tokens) = eks.run(&[], GET, &variables);
    let holder = "&X-Amz-Credential=ASIAONCE%2F";
    assert!(
        tokens.first().is_some_and(|it| it.contains(holder)),
        "{said}"
    );
    let asked = portal.take();
    let begin = "GET /federation/credentials?account_id=1&role_name=ops ";
    assert!(asked[0].starts_with(begin), "{asked:?}");
    assert_eq!(header(&asked[0], "x-amz-sso_bearer_token"), ["once"]);
}

/// In a file system of its own, `FILES` are those of a Pod's account.
const POD: &str = "mount -t tmpfs tmpfs /run\nmkdir -p /run/secrets/kubernetes.io\ncp -r \"$FILES\" /run/secrets/kubernetes.io/serviceaccount\nexec \"$@\"";

#[test]
fn pods_use_their_accounts() {
    let can = Command::new("unshare").args(["-rm", "true"]).output();
    let can = can.is_ok_and(|it| it.status.success());
    let is_usual = fs::canonicalize("/var/run").is_ok_and(|it| it == Path::new("/run"));
    if is_skipped() || !can || !is_usual {
        return;
    }
    let site = Site::new();
    let files = site.path("account");
    fs::create_dir_all(&files).expect("a folder");
    fs::copy(&site.ca_file, files.join("ca.crt")).expect("a file");
    fs::write(files.join("namespace"), site.namespace.name()).expect("a file");
    let run = |token: &str, words: &[&str]| {
        fs::write(files.join("token"), token).expect("a file");
        let address = site.server.strip_prefix("https://").expect("https");
        let (host, port) = address.rsplit_once(':').expect("a port");
        let mut command = site.namespace.command(Path::new("unshare"));
        command
            .args(["-rm", "sh", "-c", POD, "sh"])
            .arg(env!("CARGO_BIN_EXE_pintle"))
            .args(words)
            .env_remove("KUBECONFIG")
            .env("FILES", &files)
            .env("KUBERNETES_SERVICE_HOST", host)
            .env("KUBERNETES_SERVICE_PORT", port);
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    };
    let token = format!("{}\n", site.token);
    assert_eq!(run(&token, &["helm", "list", "-q"]), "");
    let named = format!("HELM_NAMESPACE=\"{}\"\n", site.namespace.name());
    assert!(run(&token, &["helm", "env"]).contains(&named));
    let refused = run("wrong", &["helm", "list"]);
    assert_eq!(
        refused,
        "Error: kubernetes cluster unreachable: the server has asked for the client to provide credentials\n"
    );
    // Helm forgets where it is as soon as somebody else shall act.
    let words = [
        "list",
        "-q",
        "--kube-as-user",
        "ann",
        "--kube-as-group",
        "system:masters",
    ];
    assert_eq!(run(&token, &words), "");
    let strict = run(&token, &[&["helm"], &words[..]].concat());
    let lost = "Error: kubernetes cluster unreachable: Get \"http://localhost:8080/version\": ";
    assert!(strict.starts_with(lost), "{strict}");
}

/// The address in the token of a request.
fn address(request: &str) -> String {
    let value = header(request, "Authorization");
    let text = value[0]
        .strip_prefix("Bearer k8s-aws-v1.")
        .expect("a token");
    let digits = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        other => panic!("{other}"),
    });
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits {
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
