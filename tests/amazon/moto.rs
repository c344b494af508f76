//! moto, in a virtual environment of Python: parameters, secrets, keys, buckets, and the form of requests
//! to the other services.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The program; none where `PINTLE_SKIP` names `moto`.
#[expect(clippy::disallowed_methods, reason = "PINTLE_SKIP is for the tests")]
fn program() -> Option<PathBuf> {
    let skipped = std::env::var("PINTLE_SKIP").unwrap_or_default();
    if skipped.split(',').any(|name| name == "moto") {
        return None;
    }
    // Two tests that install at once would be in each other's way.
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
    let installed = INSTALLED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/amazon/install.sh");
        match Command::new("sh").arg(script).arg(&folder).output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(format!("sh: {error}")),
        }
    });
    match installed {
        Ok(()) => Some(folder.join("moto_server")),
        Err(why) => panic!(
            "this test did not run, for moto is missing (PINTLE_SKIP=moto leaves it out):\n{why}"
        ),
    }
}

/// The region that tests use.
pub(crate) const REGION: &str = "eu-west-1";

/// moto, until it is dropped.
pub(crate) struct Moto {
    child: Child,
    url: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// One of a test's own; none where it is left out.
    pub(crate) fn start() -> Option<Moto> {
        let mut child = Command::new(program()?)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto");
        let stderr = child.stderr.take().expect("a pipe");
        let mut moto = Moto {
            child,
            url: String::new(),
        };
        let mut said = String::new();
        let mut lines = BufReader::new(stderr).lines();
        while let Some(Ok(line)) = lines.next() {
            if let Some((_, url)) = line.split_once("Running on ") {
                url.trim().clone_into(&mut moto.url);
                // Nobody reads what it says of requests, but it has to be able to say it.
                std::thread::spawn(move || lines.for_each(drop));
                return Some(moto);
            }
            said += &line;
        }
        panic!("moto did not start: {said}");
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Variables for programs that shall take it for Amazon.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", REGION),
            ("HOME", "/nonexistent"),
        ]
    }

    /// Asks a service for something.
    pub(crate) fn ask(&self, service: &str, target: &str, input: &Value) -> Value {
        let mut answer = ureq::post(format!("{}/", self.url))
            .header("authorization", signed(service))
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .send(input.to_string())
            .expect("an answer");
        let text = answer.body_mut().read_to_string().expect("a text");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The names of its subnets, and of a security group in their network.
    pub(crate) fn subnets(&self) -> (Vec<String>, String) {
        let ask = |action: &str| {
            let body = format!("Action={action}&Version=2016-11-15");
            let mut answer = ureq::post(format!("{}/", self.url))
                .header("authorization", signed("ec2"))
                .header("content-type", "application/x-www-form-urlencoded")
                .send(body)
                .expect("an answer");
            answer.body_mut().read_to_string().expect("a text")
        };
        let all = |text: &str, name: &str| -> Vec<String> {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            let parts = text.split(&open).skip(1);
            let found = parts.filter_map(|part| Some(part.split_once(&close)?.0.to_owned()));
            found.collect()
        };
        let groups = all(&ask("DescribeSecurityGroups"), "groupId");
        let subnets = all(&ask("DescribeSubnets"), "subnetId");
        (subnets, groups.first().cloned().unwrap_or_default())
    }

    /// Puts an object into a bucket, or makes a bucket; gives the object's version.
    pub(crate) fn put(&self, path: &str, body: &str) -> String {
        let answer = ureq::put(format!("{}/{path}", self.url))
            .header("authorization", signed("s3"))
            .send(body)
            .expect("an answer");
        let version = answer.headers().get("x-amz-version-id");
        version.map_or(String::new(), |version| {
            version.to_str().expect("a text").to_owned()
        })
    }

    /// Makes a bucket.
    pub(crate) fn bucket(&self, name: &str) {
        self.put(
            name,
            &format!("<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"),
        );
    }
}

/// moto looks at the scope of a signature only.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=x/20240101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=x"
    )
}
