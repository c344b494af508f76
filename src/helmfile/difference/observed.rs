//! What helm-diff 3.15.11 was seen to print for manifests of our own (`testdata/difference`): each
//! folder has two manifests and the runs on them, with their flags, output, complaints and exit code.

use std::path::Path;

use super::{Form, Look, Secrets, compare};

/// A run that was observed.
#[derive(Default)]
struct Run {
    flags: String,
    stdout: String,
    stderr: Vec<String>,
    code: u8,
}

/// The runs of a file: `$ FLAGS`, output (a backslash where it does not end with a line), `! ` before
/// complaints, `= CODE`.
fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        if let Some(flags) = bare.strip_prefix("$ ") {
            run.flags = flags.to_owned();
        } else if let Some(error) = bare.strip_prefix("! ") {
            run.stderr.push(error.to_owned());
        } else if let Some(code) = bare.strip_prefix("= ") {
            run.code = code.parse().expect("an exit code");
            runs.push(std::mem::take(&mut run));
        } else if let Some(text) = bare.strip_suffix('\\') {
            // Output that does not end with a line.
            run.stdout.push_str(text);
        } else {
            run.stdout.push_str(line);
        }
    }
    runs
}

/// Words with blanks stand in single quotes.
fn words(flags: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in flags.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// How it is compared, and whether the exit code tells of differences.
fn look(flags: &str) -> (Look, bool) {
    let mut look = Look {
        namespace: "ns".to_owned(),
        ..Look::default()
    };
    let mut is_detailed = false;
    let mut words = words(flags).into_iter();
    while let Some(flag) = words.next() {
        let mut value = || words.next().expect("a value");
        match flag.as_str() {
            "--context" => look.context = value().parse().ok(),
            "--output" => look.form = Form::named(&value()).expect("a form"),
            "--suppress" => look.suppress.push(value()),
            "--suppress-secrets" => look.suppress.push("Secret".to_owned()),
            "--suppress-output-line-regex" => look.suppress_lines.push(value()),
            "--show-secrets" if look.secrets == Secrets::Masked => look.secrets = Secrets::Shown,
            "--show-secrets" | "--no-color" => {}
            "--show-secrets-decoded" => look.secrets = Secrets::Decoded,
            "--include-tests" => look.include_tests = true,
            "--strip-trailing-cr" => look.strip_trailing_cr = true,
            "--normalize-manifests" => look.normalize = true,
            "--find-renames" => look.find_renames = value().parse().expect("a number"),
            "--color" => look.painted = true,
            "--detailed-exitcode" => is_detailed = true,
            other => panic!("{other} is not known here"),
        }
    }
    (look, is_detailed)
}

fn check(folder: &Path, wrong: &mut Vec<String>) -> usize {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    let (old, new) = (read("old.yaml"), read("new.yaml"));
    let runs = runs(&read("runs.txt"));
    for run in &runs {
        let (look, is_detailed) = look(&run.flags);
        let (stdout, stderr, code) = match compare(&old, &new, &look) {
            Ok(shown) => {
                let code = if shown.differs && is_detailed { 2 } else { 0 };
                (shown.text, shown.warnings.concat(), code)
            }
            Err(error) => (String::new(), error, 1),
        };
        // What the command line adds is not in question here.
        let complaints = run.stderr.iter();
        let complaints: Vec<&String> = complaints
            .filter(|line| !line.starts_with("Error: identified"))
            .collect();
        let stderr: Vec<&str> = stderr.lines().collect();
        if (&stdout, code) != (&run.stdout, run.code) || complaints != stderr {
            wrong.push(format!(
                "{} {}\n--- wanted, {}\n{}{complaints:?}\n--- got, {code}\n{stdout}{stderr:?}\n",
                folder.display(),
                run.flags,
                run.code,
                run.stdout,
            ));
        }
    }
    runs.len()
}

#[test]
fn differences_are_shown_as_the_plugin_shows_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/difference");
    let folders = std::fs::read_dir(folder).expect("cases");
    let mut folders: Vec<_> = folders
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut wrong = Vec::new();
    let count: usize = folders.iter().map(|folder| check(folder, &mut wrong)).sum();
    assert!(count > 100, "{count} runs");
    assert!(
        wrong.is_empty(),
        "{} of {count} runs differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
