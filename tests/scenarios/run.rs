//! Runs a scenario step by step.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::RwLock;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::case::{Scenario, Step};
use crate::cluster::{Cluster, search_path, until};
use crate::compare::compare;
use crate::normalise::Normaliser;
use crate::record;
use crate::snapshot::Snapshot;
use crate::write::writes;

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a step waits for comes in this time, or does not come.
const COMING: Duration = Duration::from_secs(20);

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The definition that scenarios named `crd` own.
const WIDGETS: &str = "widgets.rec.example.com";

/// What all scenarios share.
pub(crate) struct Bench {
    program: PathBuf,
    /// Helm 3, where there is one.
    helm3: Option<PathBuf>,
    /// A copy of charts and manifests, in which the commands run.
    folder: tempfile::TempDir,
    /// Held for writing by a scenario that runs alone.
    alone: RwLock<()>,
}

impl Bench {
    /// Copies `charts` and `manifests` of `folders`, the first of which wins.
    ///
    /// # Errors
    /// Where something cannot be read or written.
    pub(crate) fn new(
        program: PathBuf,
        helm3: Option<PathBuf>,
        folders: &[PathBuf],
    ) -> Result<Bench, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        for name in ["charts", "manifests"] {
            for from in folders {
                copy_missing(&from.join(name), &folder.path().join(name))?;
            }
        }
        Ok(Bench {
            program,
            helm3,
            folder,
            alone: RwLock::new(()),
        })
    }

    /// Whether what a scenario needs is there.
    pub(crate) fn can_run(&self, scenario: &Scenario) -> bool {
        match scenario.helm.as_str() {
            "4" => true,
            "3" => false,
            _ => self.helm3.is_some(),
        }
    }

    /// Runs a scenario and compares every step. One that is about seconds has a second chance, alone:
    /// a machine that does ten things at once may miss them.
    ///
    /// # Errors
    /// Says what is different, or what could not be done.
    pub(crate) fn run(&self, cluster: &Cluster, scenario: &Scenario) -> Result<(), String> {
        let outcome = self.run_once(cluster, scenario, scenario.crd);
        if outcome.is_err() && scenario.is_about_time() {
            return self.run_once(cluster, scenario, true);
        }
        outcome
    }

    fn run_once(&self, cluster: &Cluster, scenario: &Scenario, alone: bool) -> Result<(), String> {
        // A poisoned lock is one that another scenario panicked under; that is told there.
        let shared = (!alone).then(|| self.alone.read());
        let single = alone.then(|| self.alone.write());
        let mut run = Run::prepare(self, cluster, scenario)?;
        let mut found = String::new();
        for (number, step) in scenario.steps.iter().enumerate() {
            let got = run
                .step(number, step)
                .map_err(|error| format!("{found}step {number}, {}: {error}", step.describe()))?;
            let differences = run.differences(number, step, &got);
            if !differences.is_empty() {
                found.push_str(&format!(
                    "step {number}, {}\n{differences}",
                    step.describe()
                ));
            }
        }
        drop(run);
        drop((shared, single));
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// The program that runs a step; it is called `helm`.
    fn helm(&self, cluster: &Cluster, version: &str) -> Result<PathBuf, String> {
        match (version, &self.helm3) {
            ("3", Some(helm3)) => Ok(helm3.clone()),
            ("3", None) => Err("there is no Helm 3".to_owned()),
            _ => cluster.link(&self.program, "helm"),
        }
    }
}

/// Copies what is not there yet, chart by chart. What is read-only becomes writable.
fn copy_missing(from: &Path, to: &Path) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(|error| told(&error))?;
    if !from.is_dir() {
        return Ok(());
    }
    for top in std::fs::read_dir(from).map_err(|error| told(&error))? {
        let top = top.map_err(|error| told(&error))?;
        let target = to.join(top.file_name());
        if target.exists() {
            continue;
        }
        for entry in walkdir::WalkDir::new(top.path()) {
            let entry = entry.map_err(|error| told(&error))?;
            let inside = entry
                .path()
                .strip_prefix(top.path())
                .unwrap_or(Path::new(""));
            let target = if inside.as_os_str().is_empty() {
                target.clone()
            } else {
                target.join(inside)
            };
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(&target).map_err(|error| told(&error))?;
            } else {
                let bytes = std::fs::read(entry.path()).map_err(|error| told(&error))?;
                std::fs::write(&target, bytes).map_err(|error| told(&error))?;
            }
        }
    }
    Ok(())
}

struct Run<'a> {
    bench: &'a Bench,
    cluster: &'a Cluster,
    scenario: &'a Scenario,
    names: Normaliser,
    namespaces: Vec<String>,
    user: String,
    home: tempfile::TempDir,
    running: BTreeMap<usize, Running>,
    before: Snapshot,
}

impl<'a> Run<'a> {
    /// Makes the namespaces and the user.
    fn prepare(
        bench: &'a Bench,
        cluster: &'a Cluster,
        scenario: &'a Scenario,
    ) -> Result<Run<'a>, String> {
        let unique = cluster.unique();
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let first = format!("ns{unique}");
        let second = format!("nt{unique}");
        let names = Normaliser::new(vec![
            ("NS2", second.clone()),
            ("NS", first.clone()),
            ("HOME", home.path().to_string_lossy().into_owned()),
        ]);
        let user = format!("rec-{unique}");
        cluster.write_kubeconfig(&home.path().join("kubeconfig"), &user)?;
        let mut namespaces = vec![first];
        if scenario.ns2 {
            namespaces.push(second);
        }
        let run = Run {
            bench,
            cluster,
            scenario,
            names,
            namespaces,
            user,
            home,
            running: BTreeMap::new(),
            before: Snapshot::default(),
        };
        run.forget_definition()?;
        for namespace in run
            .namespaces
            .iter()
            .skip(usize::from(scenario.no_namespace))
        {
            cluster.create_namespace(namespace)?;
        }
        Ok(run)
    }

    /// Deletes the definition that this scenario owns, and waits until it is gone.
    fn forget_definition(&self) -> Result<(), String> {
        if !self.scenario.crd {
            return Ok(());
        }
        let path = format!("{DEFINITIONS}/{WIDGETS}");
        self.cluster.api().delete(&path)?;
        until("the end of the definition", || {
            Ok(self.cluster.api().get(&path)?.0 == 404)
        })?;
        // Discovery forgets it a moment later.
        until("the end of its group", || {
            let groups = self.cluster.api().get("/apis/rec.example.com/v1")?;
            Ok(groups.0 == 404)
        })
    }

    /// Runs a step: what it gave, as a scenario has it.
    fn step(&mut self, number: usize, step: &Step) -> Result<Value, String> {
        let ended = self.act(number, step)?;
        let requests = self.cluster.requests(&self.user)?;
        let writes = writes(&requests, &self.names)?;
        let namespaces: Vec<&str> = self.namespaces.iter().map(String::as_str).collect();
        let api = self.cluster.api();
        let now = Snapshot::take(api, self.scenario, &namespaces, &self.names)?;
        let got = json!({
            "want": {
                "exit": ended.exit,
                "stdout": self.names.output(&ended.stdout),
                "stderr": self.names.output(&ended.stderr),
            },
            "writes": writes,
            "after": now.since(&self.before),
        });
        self.before = now;
        Ok(got)
    }

    fn act(&mut self, number: usize, step: &Step) -> Result<Ended, String> {
        if let Some(words) = &step.kubectl {
            let program = self.cluster.programs().join("kubectl");
            let mut words: Vec<String> = words.iter().map(|word| self.names.fill(word)).collect();
            if !step.no_n && !words.iter().any(|word| word == "-n") {
                words.extend(["-n".to_owned(), self.namespaces[0].clone()]);
            }
            return self.start(&program, &words, step)?.end(PATIENCE);
        }
        if let Some(edit) = &step.edit_record {
            record::edit(self.cluster.api(), &self.namespaces[0], edit)?;
            return Ok(Ended::quiet(json!(0)));
        }
        if let Some(seconds) = step.sleep {
            std::thread::sleep(Duration::from_secs_f64(seconds));
            return Ok(Ended::quiet(json!(0)));
        }
        if let Some(number) = step.join {
            let running = self.running.remove(&number);
            return running.ok_or("nothing to join")?.end(PATIENCE);
        }
        let version = step.helm.as_deref().unwrap_or(self.scenario.version());
        let program = self.bench.helm(self.cluster, version)?;
        let running = self.start(&program, &self.helm_words(step), step)?;
        if !step.background {
            return running.end(PATIENCE);
        }
        if let Some(path) = &step.until {
            let path = self.names.fill(path);
            let start = Instant::now();
            while self.cluster.api().get(&path)?.0 != 200 && start.elapsed() < COMING {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        if let Some(seconds) = step.settle {
            std::thread::sleep(Duration::from_secs_f64(seconds));
        }
        let Some(signal) = step.signal else {
            self.running.insert(number, running);
            return Ok(Ended::quiet(Value::Null));
        };
        running.signal(signal)?;
        running.end(PATIENCE)
    }

    fn helm_words(&self, step: &Step) -> Vec<String> {
        let words = step.args.as_deref().unwrap_or_default();
        let mut words: Vec<String> = words.iter().map(|word| self.names.fill(word)).collect();
        let said = words.iter().any(|word| {
            matches!(
                word.as_str(),
                "-n" | "--namespace" | "-A" | "--all-namespaces"
            ) || word.starts_with("--namespace=")
        });
        if !said && !step.no_n {
            words.extend(["-n".to_owned(), self.namespaces[0].clone()]);
        }
        words
    }

    fn start(&self, program: &Path, words: &[String], step: &Step) -> Result<Running, String> {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(self.bench.folder.path())
            .env_clear()
            .env("PATH", search_path(&self.cluster.programs()))
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("kubeconfig"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8");
        for (name, value) in &step.env {
            command.env(name, self.names.fill(value));
        }
        Running::start(&mut command)
    }

    fn differences(&self, number: usize, step: &Step, got: &Value) -> String {
        let unstable = &self.scenario.unstable_paths;
        let differ = |part: &str, want: &Value, got: &Value| {
            compare(&format!("/steps/{number}/{part}"), want, got, unstable)
        };
        let mut found = if step.kubectl.is_some() {
            // kubectl's words are those of its version.
            differ("want/exit", &step.want["exit"], &got["want"]["exit"])
        } else {
            differ("want", &step.want, &got["want"])
        };
        if let Some(writes) = &step.writes {
            found.push_str(&differ("writes", writes, &got["writes"]));
        }
        found.push_str(&differ("after", &step.after, &got["after"]));
        found
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.running.clear();
        let api = self.cluster.api();
        let mut paths: Vec<String> = Vec::new();
        for namespace in &self.namespaces {
            paths.push(format!("/api/v1/namespaces/{namespace}"));
        }
        let rbac = "/apis/rbac.authorization.k8s.io/v1";
        for (plural, suffix) in [("clusterroles", "cr"), ("clusterrolebindings", "crb")] {
            paths.push(format!("{rbac}/{plural}/{}-{suffix}", self.namespaces[0]));
        }
        if self.scenario.crd {
            paths.push(format!("{DEFINITIONS}/{WIDGETS}"));
        }
        for path in paths {
            // What is left goes with the cluster.
            let _ = api.delete(&path);
        }
        // The next scenario is not to see half of it.
        let _ = self.forget_definition();
    }
}

/// How a command ended, and what it printed.
struct Ended {
    /// A number, negative for a signal; null while it runs.
    exit: Value,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn quiet(exit: Value) -> Ended {
        Ended {
            exit,
            stdout: String::new(),
            stderr: String::new(),
        }
    }
}

/// A command that runs. It is killed with its scenario.
struct Running {
    child: Child,
    pipes: [Option<JoinHandle<Vec<u8>>>; 2],
    done: mpsc::Receiver<()>,
}

impl Running {
    fn start(command: &mut Command) -> Result<Running, String> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let (tell, done) = mpsc::channel();
        let pipes = [
            child.stdout.take().map(|pipe| read(pipe, tell.clone())),
            child.stderr.take().map(|pipe| read(pipe, tell)),
        ];
        Ok(Running { child, pipes, done })
    }

    fn signal(&self, number: i32) -> Result<(), String> {
        let sent = Command::new("kill")
            .arg(format!("-{number}"))
            .arg(self.child.id().to_string())
            .status();
        match sent {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("kill: {status}")),
            Err(error) => Err(format!("kill: {error}")),
        }
    }

    fn end(mut self, patience: Duration) -> Result<Ended, String> {
        for _ in 0..2 {
            if self.done.recv_timeout(patience).is_err() {
                return Err(format!("still running after {} s", patience.as_secs()));
            }
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let exit = match (status.code(), status.signal()) {
            (Some(code), _) => json!(code),
            (None, signal) => json!(signal.map(|signal| -signal)),
        };
        let [stdout, stderr] = std::mem::take(&mut self.pipes).map(|pipe| {
            let bytes = pipe.and_then(|thread| thread.join().ok());
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        });
        Ok(Ended {
            exit,
            stdout,
            stderr,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut pipe: impl Read + Send + 'static, done: mpsc::Sender<()>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read so far is what there is.
        let _ = pipe.read_to_end(&mut bytes);
        let _ = done.send(());
        bytes
    })
}
