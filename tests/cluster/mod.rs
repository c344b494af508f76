//! A real Kubernetes for tests: the program of `testdata/cluster`, built once for its sources, started
//! once for a test binary, with a namespace and a user of its own for each test.
//!
//! It ends with the process that started it, and its folder with it.
//!
//! | variable | meaning |
//! |---|---|
//! | `PINTLE_SKIP` | names, separated by commas, what is not there: `cluster` leaves these tests out |

mod api;
pub(crate) mod fault;
mod log;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

pub(crate) use api::{Api, until};
use fault::Fault;
pub(crate) use log::Request;

/// What a start may take, on a machine that does ten things at once.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running cluster.
pub(crate) struct Cluster {
    /// Ends when its stdin is closed.
    process: Child,
    folder: PathBuf,
    proxy: String,
    api: Api,
    log: Mutex<log::Log>,
    /// Makes names that nobody else has.
    names: AtomicU64,
}

/// Whether `PINTLE_SKIP` leaves the cluster out.
#[expect(clippy::disallowed_methods, reason = "the interface of the tests")]
pub(crate) fn is_skipped() -> bool {
    let skip = std::env::var("PINTLE_SKIP").unwrap_or_default();
    skip.split(',').any(|name| name.trim() == "cluster")
}

impl Cluster {
    /// The cluster of this test binary, started by the first who asks.
    ///
    /// # Errors
    /// Where Go is missing, the program cannot be built or does not start: a line that says so, the
    /// same for all who ask.
    pub(crate) fn shared() -> Result<&'static Cluster, String> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Cluster::start(&[]));
        shared.as_ref().map_err(Clone::clone)
    }

    /// A cluster of one test alone, which may be killed: another one that is started in the same
    /// folder goes on with its objects, on its ports.
    ///
    /// # Errors
    /// As those of [`Cluster::shared`].
    pub(crate) fn own(data: &Path) -> Result<Cluster, String> {
        Cluster::start(&["-data".as_ref(), data.as_os_str()])
    }

    /// Ends without a chance to put anything in order.
    pub(crate) fn kill(mut self) {
        let _ = self.process.kill();
    }

    /// Builds the program where that was not done yet, and starts it.
    fn start(more: &[&OsStr]) -> Result<Cluster, String> {
        let program = build()?;
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let mut process = Command::new(&program)
            .args(["-exit-on-eof", "-proxy"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(told)?;
        let stdout = process.stdout.take().expect("it is piped");
        let (said, hear) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout);
            let mut line = String::new();
            let read = lines.read_line(&mut line).map(|_| line);
            let _ = said.send(read);
            // A failure of later: the tests see it by themselves. Reading keeps the pipe open.
            let _ = lines.read_to_end(&mut Vec::new());
        });
        let line = match hear.recv_timeout(PATIENCE) {
            Ok(line) => line.map_err(told)?,
            Err(_) => String::new(),
        };
        let part = |name: &str| {
            let mut words = line.split_whitespace();
            words.find_map(|word| Some(word.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        };
        let (true, Some(folder), Some(proxy)) =
            (line.starts_with("READY "), part("dir"), part("proxy"))
        else {
            let _ = process.kill();
            let _ = process.wait();
            return Err(format!("the test cluster did not start: {}", line.trim()));
        };
        let folder = PathBuf::from(folder);
        let log = log::Log::open(&folder.join("requests.log"))?;
        let seed = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Cluster {
            process,
            api: Api::new(&format!("http://{proxy}")),
            proxy,
            log: Mutex::new(log),
            names: AtomicU64::new(seed.map_or(0, |seed| seed.as_nanos() as u64)),
            folder,
        })
    }

    /// A folder of programs for a `PATH`: `kubectl`, and whatever was linked.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// Puts a program into the folder of programs under a name, once.
    ///
    /// # Errors
    /// Where the program is not there, or the link cannot be made.
    pub(crate) fn link(&self, program: &Path, name: &str) -> Result<PathBuf, String> {
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let link = self.programs().join(name);
        match symlink(program.canonicalize().map_err(told)?, &link) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(told(error)),
            _ => Ok(link),
        }
    }

    /// The API as the administrator sees it.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// What a user asked since this was called the last time, in the order of arrival.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub(crate) fn requests(&self, user: &str) -> Result<Vec<Request>, String> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.take(user)
    }

    /// Ten digits that no other test has.
    pub(crate) fn unique(&self) -> String {
        // Hexadecimal digits that change with every call: the low ones of a multiple of an odd number.
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24;
        format!("{mixed:010x}")
    }

    /// A new namespace, with what a namespace has after a moment, and a user for it.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub(crate) fn namespace(&self) -> Result<Namespace<'_>, String> {
        let unique = self.unique();
        let name = format!("ns{unique}");
        self.create_namespace(&name)?;
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let user = format!("test-{unique}");
        self.write_kubeconfig(&home.path().join("kubeconfig"), &user)?;
        Ok(Namespace {
            cluster: self,
            name,
            user,
            home,
        })
    }

    /// Makes a namespace and waits for its account and its certificate.
    ///
    /// # Errors
    /// Where the API server refuses, or they do not come.
    pub(crate) fn create_namespace(&self, name: &str) -> Result<(), String> {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let (code, answer) = self.api.send("POST", "/api/v1/namespaces", &body)?;
        if code != 201 {
            return Err(format!("namespace {name}: {code} {answer}"));
        }
        for inside in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
            let path = format!("/api/v1/namespaces/{name}/{inside}");
            until(&path, || Ok(self.api.get(&path)?.0 == 200))?;
        }
        Ok(())
    }

    /// A kubeconfig that reaches the API server through the proxy as `user`, who may do everything.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write_kubeconfig(&self, path: &Path, user: &str) -> Result<(), String> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "rec",
            "clusters": [{"name": "rec", "cluster": {"server": format!("http://{}", self.proxy)}}],
            "contexts": [{"name": "rec", "context": {"cluster": "rec", "user": "rec"}}],
            "users": [{"name": "rec", "user": {"as": user, "as-groups": ["system:masters"]}}],
        });
        std::fs::write(path, config.to_string()).map_err(|e| format!("{}: {e}", path.display()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Runs the build script, which prints where the program is.
fn build() -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cluster/build.sh");
    let output = Command::new("sh")
        .arg(&script)
        .output()
        .map_err(|error| format!("{}: {error}", script.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let path = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(path.trim()))
}

/// A namespace of one test, deleted with it.
pub(crate) struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
    user: String,
    home: tempfile::TempDir,
}

impl Namespace<'_> {
    /// Twelve characters.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the user of this namespace asked since the last call.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub(crate) fn requests(&self) -> Result<Vec<Request>, String> {
        self.cluster.requests(&self.user)
    }

    /// Makes trouble for requests of this namespace's user from now on; the first of several faults
    /// that fits counts.
    ///
    /// # Errors
    /// Where the proxy does not understand it.
    pub(crate) fn fault(&self, fault: &Fault) -> Result<(), String> {
        let body = fault.describe(&self.user);
        match self.cluster.api.send("POST", fault::PATH, &body)? {
            (204, _) => Ok(()),
            (code, _) => Err(format!("{body}: {code}")),
        }
    }

    /// Ends all trouble of this namespace's user.
    ///
    /// # Errors
    /// Where the proxy does not answer.
    pub(crate) fn heal(&self) -> Result<(), String> {
        let path = format!("{}?user={}", fault::PATH, self.user);
        self.cluster.api.delete(&path).map(|_| ())
    }

    /// An object of this namespace by its path below it, such as `configmaps/a` or, for groups,
    /// `apps/v1/deployments/a`; nothing where it is not there.
    ///
    /// # Errors
    /// Where the API server does not answer, or refuses.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>, String> {
        let parts: Vec<&str> = path.split('/').collect();
        let path = match parts.as_slice() {
            [group, version, rest @ ..] if !rest.is_empty() && version.starts_with('v') => {
                let rest = rest.join("/");
                format!("/apis/{group}/{version}/namespaces/{}/{rest}", self.name)
            }
            _ => format!("/api/v1/namespaces/{}/{path}", self.name),
        };
        match self.cluster.api.get(&path)? {
            (200, object) => Ok(Some(object)),
            (404, _) => Ok(None),
            (code, answer) => Err(format!("{path}: {code} {answer}")),
        }
    }

    /// A command that sees this namespace alone: its kubeconfig, an empty home, `kubectl` on its path.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", search_path(&self.cluster.programs()))
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("kubeconfig"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// kubectl in this namespace; answers with what it printed.
    ///
    /// # Errors
    /// Where it failed: what it said.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Result<String, String> {
        let program = self.cluster.programs().join("kubectl");
        let output = self
            .command(&program)
            .args(["-n", &self.name])
            .args(words)
            .output()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // What is left goes with the cluster.
        let _ = self.heal();
        let path = format!("/api/v1/namespaces/{}", self.name);
        let _ = self.cluster.api.delete(&path);
    }
}

/// A `PATH` with a folder before all others.
#[expect(clippy::disallowed_methods, reason = "runs need a PATH")]
pub(crate) fn search_path(first: &Path) -> std::ffi::OsString {
    let mut path = first.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}
