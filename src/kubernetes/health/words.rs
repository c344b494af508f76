//! What is wrong, in lines for people.

use super::{Cause, Health, Trouble, Warning, age};
use crate::go::time::Time;

/// How many troubles and warnings are told of one object.
const MOST: usize = 5;

impl Trouble {
    /// In a few words, for a line that changes: `Pod web-1: CrashLoopBackOff, 3 restarts`.
    pub fn short(&self) -> String {
        let message = match self.cause {
            // Their reasons say it all, or nothing.
            Cause::Crash | Cause::Failed => self.ending(),
            Cause::Starting => String::new(),
            _ => self.message.replace('\n', " "),
        };
        let restarts = match self.restarts {
            0 => String::new(),
            1 => ", 1 restart".to_owned(),
            many => format!(", {many} restarts"),
        };
        let message = match message.as_str() {
            "" => String::new(),
            message => format!(": {message}"),
        };
        format!("{}: {}{restarts}{message}", self.object, self.reason)
    }

    /// How the container ended: `exit code 1`.
    fn ending(&self) -> String {
        let Some(ended) = &self.ended else {
            return String::new();
        };
        let code = format!("exit code {}", ended.exit_code);
        match ended.reason.as_str() {
            "" | "Error" | "Completed" => code,
            reason => format!("{reason}, {code}"),
        }
    }

    /// In a line: where, what, since when, why.
    fn line(&self, others: usize, now: &Time) -> String {
        let mut line = self.object.clone();
        if others > 0 {
            line.push_str(&format!(" and {others} more"));
        }
        if !self.container.is_empty() {
            line.push_str(&format!(", container {}", self.container));
        }
        line.push_str(&format!(": {}", self.reason));
        if let Some(since) = self.since {
            line.push_str(&format!(" for {}", age(since, now)));
        }
        match self.restarts {
            0 => {}
            1 => line.push_str(", 1 restart"),
            many => line.push_str(&format!(", {many} restarts")),
        }
        if !self.current {
            line.push_str(", of an older revision");
        }
        // The rest of it says which container of which Pod.
        let message = match self.message.split_once(" restarting failed container") {
            Some((first, _)) if self.cause == Cause::Crash => first.to_owned(),
            _ => self.message.replace('\n', " "),
        };
        if !message.is_empty() {
            line.push_str(&format!(": {message}"));
        }
        line
    }

    /// All that is known of it.
    fn lines(&self, others: usize, now: &Time) -> Vec<String> {
        let mut lines = vec![self.line(others, now)];
        if let Some(ended) = &self.ended {
            let when = ended.at.map(|at| format!(", {} ago", age(at, now)));
            let what = match ended.is_previous {
                true => "ended before with",
                false => "ended with",
            };
            let said = match ended.message.as_str() {
                "" => String::new(),
                message => format!(": {}", message.replace('\n', " ")),
            };
            let ending = self.ending();
            lines.push(format!(
                "  it {what} {ending}{}{said}",
                when.unwrap_or_default()
            ));
        }
        if !self.log.is_empty() {
            let which = match &self.ended {
                Some(ended) if ended.is_previous => "wrote last, before it was started again",
                _ => "wrote last",
            };
            lines.push(format!("  it {which}:"));
            lines.extend(self.log.iter().map(|line| format!("    | {line}")));
        }
        lines
    }
}

impl Health {
    /// Whatever weighs most.
    pub fn worst(&self) -> Option<&Trouble> {
        self.troubles.first()
    }

    /// What is known of an object that is not as it shall be: a line that says which, and lines below it
    /// that say why.
    pub fn lines(&self, now: &Time) -> Vec<String> {
        let mut lines = vec![self.title()];
        lines.extend(
            self.reasons(now)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
        lines
    }

    /// `Deployment shop/web: 1/2 ready, InProgress: Available: 1/2`
    pub fn title(&self) -> String {
        let name = match self.namespace.as_str() {
            "" => self.name.clone(),
            namespace => format!("{namespace}/{}", self.name),
        };
        let ready = match self.ready {
            Some(count) => format!("{}/{} {}, ", count.ready, count.wanted, self.done()),
            None => String::new(),
        };
        let Health {
            kind,
            status,
            message,
            ..
        } = self;
        format!("{kind} {name}: {ready}{status}: {message}")
    }

    /// What is said of those that are ready.
    pub fn done(&self) -> &'static str {
        match self.kind.as_str() {
            "Job" => "succeeded",
            _ => "ready",
        }
    }

    /// Why it is not as it shall be: what is the same for several Pods is told once.
    pub fn reasons(&self, now: &Time) -> Vec<String> {
        let mut groups: Vec<(&Trouble, usize)> = Vec::new();
        // What is being replaced says something only where the new has no trouble.
        let is_current = self.troubles.iter().any(|it| it.current);
        let troubles = self.troubles.iter();
        let troubles: Vec<&Trouble> = troubles.filter(|it| it.current == is_current).collect();
        for trouble in troubles.iter().copied() {
            let same = groups.iter_mut().find(|(first, _)| {
                first.cause == trouble.cause
                    && first.container == trouble.container
                    && first.reason == trouble.reason
                    && first.current == trouble.current
                    && kind(&first.object) == kind(&trouble.object)
                    && kind(&first.object) == "Pod"
            });
            match same {
                Some((_, others)) => *others += 1,
                None => groups.push((trouble, 0)),
            }
        }
        let mut lines: Vec<String> = Vec::new();
        for (trouble, others) in groups.iter().take(MOST) {
            lines.extend(trouble.lines(*others, now));
        }
        // What a trouble says is not said again, and of the others only what the first of them has.
        let told = |warning: &&Warning| {
            let mut troubles = self.troubles.iter();
            let pods = self.pods.iter().filter(|pod| !pod.current && is_current);
            let mut old = pods.map(|pod| pod.name.as_str());
            let name = warning.object.split(' ').nth(1).unwrap_or_default();
            let is_counted = warning.reason == "BackOff"
                && troubles.clone().any(|it| it.object == warning.object);
            is_counted
                || old.any(|old| old == name)
                || groups.iter().any(|(first, others)| {
                    *others > 0
                        && kind(&first.object) == kind(&warning.object)
                        && first.object != warning.object
                })
                || troubles.any(|it| {
                    it.message.contains(&warning.message) || warning.message.contains(&it.reason)
                })
        };
        let warnings = self.warnings.iter().filter(|it| !told(it));
        for warning in warnings.take(MOST) {
            let when = warning.last.map(|last| format!(" {} ago", age(last, now)));
            let times = match warning.count {
                1 => String::new(),
                many => format!(" ({many} times)"),
            };
            lines.push(format!(
                "warned{}{times}: {}: {}: {}",
                when.unwrap_or_default(),
                warning.object,
                warning.reason,
                warning.message.replace('\n', " ")
            ));
        }
        lines
    }
}

/// The first word.
fn kind(object: &str) -> &str {
    object.split(' ').next().unwrap_or_default()
}
