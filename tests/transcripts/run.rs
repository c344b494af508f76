//! Runs one case.

use std::io::{Read, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::case::Case;
use crate::collect::{self, Manner, Snapshot, sort_lines};
use crate::difference::describe;
use crate::help;
use crate::normalise::Normaliser;
use crate::serve::Server;

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What all cases share: the program under its name, and where charts are.
pub(crate) struct Bench {
    helm: PathBuf,
    path: std::ffi::OsString,
    folders: Vec<PathBuf>,
    /// Holds the link; removed at the end.
    _folder: tempfile::TempDir,
}

struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Bench {
    /// Links `program` as `helm`; charts are looked up in `folders`, in order.
    #[expect(clippy::disallowed_methods, reason = "runs need a PATH")]
    pub(crate) fn new(program: &Path, folders: Vec<PathBuf>) -> Result<Bench, String> {
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let folder = tempfile::tempdir().map_err(told)?;
        let program = program.canonicalize().map_err(told)?;
        let helm = folder.path().canonicalize().map_err(told)?.join("helm");
        symlink(&program, &helm).map_err(told)?;
        Ok(Bench {
            helm,
            path: std::env::var_os("PATH").unwrap_or_default(),
            folders,
            _folder: folder,
        })
    }

    /// Runs a case and compares everything that it did.
    pub(crate) fn run(&self, case: &Case) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let root = folder.path().canonicalize().map_err(|e| e.to_string())?;
        for name in ["work/charts", "home", "tmp"] {
            std::fs::create_dir_all(root.join(name)).map_err(|error| error.to_string())?;
        }
        for chart in &case.charts {
            self.copy_chart(chart, &root.join("work/charts"))?;
        }
        let needs_server = case.setup.iter().any(|step| step.get("serve").is_some());
        let mut server = needs_server.then(Server::bind).transpose()?;
        let port = server.as_ref().map(Server::port);
        let run = Run {
            bench: self,
            case,
            root: root.to_string_lossy().into_owned(),
            port,
        };
        for step in &case.setup {
            run.set_up(step, server.as_mut())
                .map_err(|error| format!("setup {step}: {error}"))?;
        }
        let before = Snapshot::take(&root)?;
        let args: Vec<String> = case.args.iter().map(|arg| run.fill(arg)).collect();
        let stdin = case.stdin.as_deref().map(|text| run.fill(text));
        let output = run.execute(&args, stdin.unwrap_or_default().into_bytes())?;
        let after = Snapshot::take(&root)?;
        drop(server);
        run.compare(&output, &before, &after)
            .map_err(|difference| format!("helm {}\n{difference}", case.args.join(" ")))
    }

    fn copy_chart(&self, name: &str, to: &Path) -> Result<(), String> {
        let mut places = self
            .folders
            .iter()
            .map(|folder| folder.join("charts").join(name));
        let Some(from) = places.find(|place| place.is_dir()) else {
            return Err(format!("chart {name} is nowhere"));
        };
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.map_err(|error| error.to_string())?;
            let told = |error: std::io::Error| format!("{}: {error}", entry.path().display());
            let inside = entry.path().strip_prefix(&from).unwrap_or(entry.path());
            let target = if inside.as_os_str().is_empty() {
                to.join(name)
            } else {
                to.join(name).join(inside)
            };
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(&target).map_err(told)?;
            } else if entry.file_type().is_symlink() {
                let link = std::fs::read_link(entry.path()).map_err(told)?;
                symlink(link, &target).map_err(told)?;
            } else {
                // What is copied may be read-only; the modes of the recordings are the usual ones.
                let mode = std::fs::metadata(entry.path()).map_err(told)?;
                let executable = mode.permissions().mode() & 0o111 != 0;
                let mode = if executable { 0o755 } else { 0o644 };
                let bytes = std::fs::read(entry.path()).map_err(told)?;
                std::fs::write(&target, bytes).map_err(told)?;
                let permissions = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(&target, permissions).map_err(told)?;
            }
        }
        Ok(())
    }
}

struct Run<'a> {
    bench: &'a Bench,
    case: &'a Case,
    root: String,
    port: Option<u16>,
}

impl Run<'_> {
    /// Replaces the placeholders of inputs.
    fn fill(&self, text: &str) -> String {
        let text = text.replace("{{TMP}}", &self.root);
        match self.port {
            Some(port) => text.replace("{{PORT}}", &port.to_string()),
            None => text,
        }
    }

    fn work(&self) -> PathBuf {
        Path::new(&self.root).join("work")
    }

    fn set_up(&self, step: &serde_json::Value, server: Option<&mut Server>) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        if let Some(args) = step.as_array() {
            let args: Vec<String> = args
                .iter()
                .filter_map(|arg| arg.as_str())
                .map(|arg| self.fill(arg))
                .collect();
            let output = self.execute(&args, Vec::new())?;
            if !output.status.success() {
                let stderr = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{}\n{stderr}", output.status));
            }
            return Ok(());
        }
        let text = |key: &str| step.get(key)?.as_str().map(|text| self.fill(text));
        let work = self.work();
        if let Some(path) = text("write") {
            let path = work.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(told)?;
            }
            let bytes = match (text("content"), text("b64")) {
                (Some(content), _) => content.into_bytes(),
                (None, Some(encoded)) => decode(&encoded)?,
                (None, None) => return Err("nothing to write".to_owned()),
            };
            std::fs::write(&path, bytes).map_err(told)
        } else if let (Some(link), Some(target)) = (text("symlink"), text("target")) {
            let link = work.join(link);
            if let Some(parent) = link.parent() {
                std::fs::create_dir_all(parent).map_err(told)?;
            }
            symlink(target, link).map_err(told)
        } else if let Some(path) = text("mkdir") {
            std::fs::create_dir_all(work.join(path)).map_err(told)
        } else if let Some(path) = text("remove") {
            let path = work.join(path);
            if path.is_dir() && !path.is_symlink() {
                std::fs::remove_dir_all(path).map_err(told)
            } else {
                std::fs::remove_file(path).map_err(told)
            }
        } else if let Some(folder) = text("serve") {
            match server {
                Some(server) => server.serve(work.join(folder), text("auth")),
                None => Err("no server".to_owned()),
            }
        } else {
            Err("unknown step".to_owned())
        }
    }

    fn execute(&self, args: &[String], stdin: Vec<u8>) -> Result<Output, String> {
        let inside = |name: &str| format!("{}/{name}", self.root);
        let mut command = Command::new(&self.bench.helm);
        command
            .args(args)
            .current_dir(self.work())
            .env_clear()
            .env("PATH", &self.bench.path)
            .env("HOME", inside("home"))
            .env("TMPDIR", inside("tmp"))
            .env("HELM_CACHE_HOME", inside("cache"))
            .env("HELM_CONFIG_HOME", inside("config"))
            .env("HELM_DATA_HOME", inside("data"))
            .env("KUBECONFIG", "/dev/null")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("NO_PROXY", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.case.env {
            command.env(name, self.fill(value));
        }
        let child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", self.bench.helm.display()))?;
        wait(child, stdin)
    }

    fn compare(&self, output: &Output, before: &Snapshot, after: &Snapshot) -> Result<(), String> {
        let (case, want) = (self.case, &self.case.want);
        let helm = self.bench.helm.to_string_lossy();
        let normaliser = Normaliser::new(&self.root, &helm, self.port, case.mask.as_deref())?;
        let mut found = String::new();
        if output.status.code() != Some(want.exit) {
            found.push_str(&format!("want exit {}, got {}\n", want.exit, output.status));
        }
        let streams = [
            ("stderr", &output.stderr, &want.stderr, &want.stderr_b64),
            ("stdout", &output.stdout, &want.stdout, &want.stdout_b64),
        ];
        for (name, got, text, encoded) in streams {
            let mut wanted = match (text, encoded) {
                (Some(text), _) => text.clone().into_bytes(),
                (None, Some(encoded)) => decode(encoded)?,
                (None, None) => continue,
            };
            let mut got = normaliser.text(got);
            if case.sort_lines {
                (wanted, got) = (sort_lines(&wanted), sort_lines(&got));
            }
            found.push_str(&describe(name, &wanted, &got));
        }
        if case.parse_help
            && let Some(wanted) = &want.help
        {
            let got = help::parse(&String::from_utf8_lossy(&output.stdout));
            if got != *wanted {
                let (wanted, got) = (format!("{wanted:#?}\n"), format!("{got:#?}\n"));
                found.push_str(&describe("help", wanted.as_bytes(), got.as_bytes()));
            }
        }
        let manner = Manner {
            patterns: &case.collect,
            hash_files: case.hash_files,
            sort_members: case.sort_members,
            normaliser: &normaliser,
        };
        let files = collect::changes(before, after, &manner)?;
        for (name, wanted) in &want.files {
            match files.get(name) {
                None => found.push_str(&format!("file {name} is missing\n")),
                // The scaffold of `create` is each program's own text.
                Some(got) if case.hash_files && both_hashed(wanted, got) => {}
                Some(got) if case.packs_scaffold() && names(wanted) == names(got) => {}
                Some(got) => found.push_str(&describe(
                    &format!("file {name}"),
                    wanted.as_bytes(),
                    got.as_bytes(),
                )),
            }
        }
        for name in files.keys().filter(|name| !want.files.contains_key(*name)) {
            found.push_str(&format!("file {name} is unexpected: {}\n", files[name]));
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

/// The names of an archive's members.
fn names(members: &str) -> Vec<&str> {
    let words = members.lines().map(|line| line.split(' ').next());
    words.flatten().collect()
}

fn both_hashed(a: &str, b: &str) -> bool {
    a.starts_with("sha256:") && b.starts_with("sha256:")
}

fn wait(mut child: Child, stdin: Vec<u8>) -> Result<Output, String> {
    let (done, finished) = mpsc::channel();
    let stdout = child.stdout.take().map(|pipe| read(pipe, done.clone()));
    let stderr = child.stderr.take().map(|pipe| read(pipe, done));
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input may close it.
        let _ = pipe.write_all(&stdin);
    }
    for _ in 0..2 {
        if finished.recv_timeout(PATIENCE).is_err() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("still running after {} s", PATIENCE.as_secs()));
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let text = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
        thread
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default()
    };
    Ok(Output {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

fn read(
    mut pipe: impl Read + Send + 'static,
    done: mpsc::Sender<()>,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read so far is what there is.
        let _ = pipe.read_to_end(&mut bytes);
        let _ = done.send(());
        bytes
    })
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|error| error.to_string())
}
