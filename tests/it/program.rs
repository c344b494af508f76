//! Runs the program in an empty folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A run to be: files, arguments, environment.
#[must_use]
pub(crate) struct Run {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: Option<Vec<u8>>,
}

/// What a run did.
#[must_use]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: tempfile::TempDir,
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Run {
    /// `pintle` with arguments.
    pub(crate) fn pintle(arguments: &[&str]) -> Run {
        Run {
            folder: tempfile::tempdir().expect("a temporary folder"),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            environment: Vec::new(),
            stdin: None,
        }
    }

    /// The strict front end, which is Helm's.
    pub(crate) fn helm(arguments: &[&str]) -> Run {
        let mut run = Run::pintle(&["helm"]);
        run.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        run
    }

    /// Writes a file into the folder of the run.
    pub(crate) fn file(self, name: &str, text: impl AsRef<[u8]>) -> Run {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
        self
    }

    /// A chart `NAME/` with one template, `templates/a.yaml`.
    pub(crate) fn chart(self, name: &str, values: &str, template: &str) -> Run {
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
        self.file(&format!("{name}/Chart.yaml"), metadata)
            .file(&format!("{name}/values.yaml"), values)
            .file(&format!("{name}/templates/a.yaml"), template)
    }

    /// Adds an environment variable; none is inherited but `PATH`.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Run {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the program reads from its standard input.
    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Run {
        self.stdin = Some(text.into());
        self
    }

    /// Runs it.
    pub(crate) fn go(self) -> Outcome {
        self.go_in(None)
    }

    /// Runs it with the repository as working folder.
    pub(crate) fn go_in_repository(self) -> Outcome {
        self.go_in(Some(root()))
    }

    #[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
    fn go_in(self, folder: Option<&Path>) -> Outcome {
        use std::io::Write as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(&self.arguments)
            .current_dir(folder.unwrap_or(self.folder.path()))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", "/dev/null")
            .env("TZ", "UTC")
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut pipe = child.stdin.take().expect("a pipe");
        let input = self.stdin.unwrap_or_default();
        // A program that does not read its input may close it; a thread, since it may answer first.
        let writer = std::thread::spawn(move || pipe.write_all(&input));
        let output = child.wait_with_output().expect("an end");
        drop(writer.join());
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: self.folder,
        }
    }
}

impl Outcome {
    /// Holds that it worked; gives stdout.
    #[track_caller]
    pub(crate) fn success(&self) -> &str {
        assert_eq!(
            self.code,
            Some(0),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        &self.stdout
    }

    /// Holds that it failed, without a panic; gives stderr.
    #[track_caller]
    pub(crate) fn failure(&self) -> &str {
        let code = self.code.unwrap_or(-1);
        assert!(
            code != 0 && code != 101 && code != -1,
            "exit {:?}\nstdout:\n{}\nstderr:\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        &self.stderr
    }

    /// A path in the folder of the run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
