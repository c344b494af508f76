//! What a run of the program did.

/// What it wrote, and how it ended.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// What was written by a run that has to end well.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        let Outcome { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(0), "stdout:\n{stdout}\nstderr:\n{stderr}");
        stdout
    }

    /// What a run complained of that has to end with 1.
    #[track_caller]
    pub(crate) fn failure(self) -> String {
        self.ended(1)
    }

    /// What a run complained of that has to end with `code`.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "stdout:\n{}", self.stdout);
        self.stderr
    }
}

impl From<std::process::Output> for Outcome {
    fn from(output: std::process::Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
