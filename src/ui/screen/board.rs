//! What is to be seen: which lines there are, and how they are cut to fit.

use std::time::{Duration, Instant};

use crate::backend::Waiting;
use crate::ui::table::cut;
use unicode_width::UnicodeWidthStr as _;

/// What is over by then is not worth a line.
const BRIEF: Duration = Duration::from_secs(2);

/// How long lies between two lines about one object.
const PAUSE: Duration = Duration::from_secs(10);

const FRAMES: [char; 4] = ['|', '/', '-', '\\'];

/// What is known of all releases.
pub(super) struct Board {
    rows: Vec<Row>,
    is_painted: bool,
}

/// A release.
struct Row {
    name: String,
    step: String,
    began: Instant,
    objects: Vec<Object>,
}

/// What is waited for.
struct Object {
    waiting: Waiting,
    since: Instant,
    /// What was said of it last, and when.
    said: Option<(String, Instant)>,
}

impl Object {
    /// Why it is not ready, as far as that is known.
    fn reason(&self) -> &str {
        match self.waiting.trouble.as_str() {
            "" => &self.waiting.message,
            trouble => trouble,
        }
    }

    fn ready(&self) -> String {
        let ready = self.waiting.ready;
        ready.map_or(String::new(), |count| {
            format!("{}/{}", count.ready, count.wanted)
        })
    }

    /// Its state in a line that stays.
    fn line(&self) -> String {
        let object = &self.waiting.object;
        match (self.waiting.is_done, self.ready().as_str()) {
            (true, _) => format!("{object}: done"),
            (false, "") => format!("{object}: {}", self.reason()),
            (false, ready) => format!("{object}: {ready} ready, {}", self.reason()),
        }
    }
}

impl Board {
    pub(super) fn new(is_painted: bool) -> Board {
        Board {
            rows: Vec::new(),
            is_painted,
        }
    }

    fn row(&mut self, release: &str, now: Instant) -> &mut Row {
        let found = self.rows.iter().position(|row| row.name == release);
        let at = found.unwrap_or_else(|| {
            self.rows.push(Row {
                name: release.to_owned(),
                step: String::new(),
                began: now,
                objects: Vec::new(),
            });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// A release does something else.
    pub(super) fn step(&mut self, release: &str, step: &str, now: Instant) {
        let row = self.row(release, now);
        if row.step != step {
            step.clone_into(&mut row.step);
            row.began = now;
        }
    }

    /// A release waits for something.
    pub(super) fn wait(&mut self, release: &str, waiting: &[Waiting], now: Instant) {
        let row = self.row(release, now);
        let mut before = std::mem::take(&mut row.objects);
        for one in waiting {
            let known = before.iter().position(|it| it.waiting.object == one.object);
            let mut object = match known {
                Some(at) => before.swap_remove(at),
                None => Object {
                    waiting: one.clone(),
                    since: now,
                    said: None,
                },
            };
            object.waiting = one.clone();
            row.objects.push(object);
        }
    }

    pub(super) fn leave(&mut self, release: &str) {
        self.rows.retain(|row| row.name != release);
    }

    /// Lines that stay: what changed and was not said yet, for each object now and then.
    pub(super) fn lines(&mut self, now: Instant) -> String {
        let mut lines = String::new();
        for row in &mut self.rows {
            for object in &mut row.objects {
                let line = object.line();
                let is_due = match &object.said {
                    // What was done soon is not worth a word.
                    None => !object.waiting.is_done && now >= object.since + BRIEF,
                    Some((said, when)) => {
                        *said != line && (object.waiting.is_done || now >= *when + PAUSE)
                    }
                };
                if is_due {
                    let name = match row.name.as_str() {
                        "" => String::new(),
                        name => format!("{name}: "),
                    };
                    lines.push_str(&format!("{name}{}\n", line.replace('\n', " ")));
                    object.said = Some((line, now));
                }
            }
        }
        lines
    }

    /// The block, in as many lines as fit.
    pub(super) fn block(&self, width: usize, height: usize, now: Instant) -> Vec<String> {
        // Terminals echo `^C` behind the last line.
        let width = width.saturating_sub(3).max(1);
        // The line that the cursor rests on stays free, and one more.
        let mut room = height.saturating_sub(2).max(1);
        let mut lines = Vec::new();
        let shown: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.is_worth_it(now))
            .collect();
        for (at, row) in shown.iter().enumerate() {
            let left = shown.len() - at;
            if left > room && room <= 1 {
                lines.push(cut(&format!("and {left} more releases"), width));
                return lines;
            }
            room -= 1;
            lines.push(self.paint(&cut(&row.head(now), width)));
            // The others need a line each.
            let fair = room.saturating_sub(left - 1) / left;
            let below = row.below(width, fair, now);
            room -= below.len();
            lines.extend(below);
        }
        lines
    }

    fn paint(&self, line: &str) -> String {
        match self.is_painted {
            true => format!("\x1b[1m{line}\x1b[0m"),
            false => line.to_owned(),
        }
    }
}

impl Row {
    fn is_worth_it(&self, now: Instant) -> bool {
        !self.step.is_empty() || !self.objects.is_empty() && now >= self.began
    }

    fn head(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.began);
        let frame = FRAMES[usize::try_from(elapsed.as_millis() / 250).unwrap_or(0) % FRAMES.len()];
        let mut parts = vec![frame.to_string()];
        let step = match self.step.as_str() {
            "" => "waiting",
            step => step,
        };
        if !self.name.is_empty() {
            parts.push(self.name.clone());
        }
        parts.push(step.to_owned());
        if !self.objects.is_empty() {
            let done = self.objects.iter().filter(|it| it.waiting.is_done).count();
            parts.push(format!("{done}/{} done", self.objects.len()));
        }
        parts.push(span(elapsed));
        parts.join("  ")
    }

    /// A line for each object that is not ready, as many as there is room for.
    fn below(&self, width: usize, room: usize, now: Instant) -> Vec<String> {
        let unready = self.objects.iter().filter(|it| !it.waiting.is_done);
        let unready: Vec<&Object> = unready.collect();
        let fits = match unready.len() > room {
            true => room.saturating_sub(1),
            false => unready.len(),
        };
        let shown = &unready[..fits];
        let widest = |text: fn(&Object) -> String| {
            let widths = shown.iter().map(|it| text(it).width());
            widths.max().unwrap_or(0)
        };
        let object = widest(|it| it.waiting.object.clone()).min(width / 2);
        let ready = widest(Object::ready);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|it| {
                let name = pad(&cut(&it.waiting.object, object), object);
                let count = pad(&it.ready(), ready);
                let age = pad(&span(now.saturating_duration_since(it.since)), 5);
                let reason = it.reason().replace('\n', " ");
                let columns = [name, count, age, reason];
                let columns = columns.iter().filter(|it| !it.is_empty());
                let columns: Vec<&str> = columns.map(String::as_str).collect();
                cut(&format!("  {}", columns.join("  ")), width)
            })
            .collect();
        if unready.len() > fits && room > 0 {
            let more = unready.len() - fits;
            lines.push(cut(&format!("  and {more} more"), width));
        }
        lines
    }
}

fn pad(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ ..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Count;

    fn waiting(object: &str, ready: i64, message: &str) -> Waiting {
        Waiting {
            object: object.to_owned(),
            status: "InProgress".to_owned(),
            message: message.to_owned(),
            ready: Some(Count { ready, wanted: 2 }),
            trouble: String::new(),
            is_done: ready == 2,
        }
    }

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn lines_tell_of_changes_once_and_not_too_often() {
        let start = Instant::now();
        let mut board = Board::new(false);
        let web = |ready, message| [waiting("Deployment a/web", ready, message)];
        board.wait("shop", &web(0, "Replicas: 0/2"), start);
        assert_eq!(board.lines(at(start, 1)), "", "it may be over soon");
        assert_eq!(
            board.lines(at(start, 2)),
            "shop: Deployment a/web: 0/2 ready, Replicas: 0/2\n"
        );
        assert_eq!(board.lines(at(start, 30)), "", "nothing changed");
        board.wait("shop", &web(1, "Available: 1/2"), at(start, 31));
        let changed = board.lines(at(start, 31));
        assert_eq!(
            changed,
            "shop: Deployment a/web: 1/2 ready, Available: 1/2\n"
        );
        board.wait("shop", &web(0, "Available: 0/2"), at(start, 33));
        assert_eq!(board.lines(at(start, 33)), "", "too soon");
        assert!(board.lines(at(start, 41)).contains("Available: 0/2"));
        board.wait("shop", &web(2, ""), at(start, 42));
        assert_eq!(board.lines(at(start, 42)), "shop: Deployment a/web: done\n");
        assert_eq!(board.lines(at(start, 60)), "");
        // What was ready at once is not mentioned.
        board.wait("shop", &[waiting("Job a/b", 2, "")], at(start, 61));
        assert_eq!(board.lines(at(start, 90)), "");
    }

    #[test]
    fn blocks_fit_the_terminal() {
        let start = Instant::now();
        let mut board = Board::new(false);
        let many: Vec<Waiting> = (0..30)
            .map(|at| {
                waiting(
                    &format!("Deployment shop/web-{at}"),
                    at % 3,
                    "Replicas: 0/2",
                )
            })
            .collect();
        board.step("shop", "waiting for objects", start);
        board.wait("shop", &many, start);
        board.step("other", "applying", start);
        for width in [1, 10, 20, 80, 200] {
            for height in [1, 2, 3, 5, 24, 60] {
                let block = board.block(width, height, at(start, 75));
                assert!(block.len() <= height.saturating_sub(2).max(1), "{block:?}");
                for line in &block {
                    assert!(line.width() < width.max(2), "{width}: {line:?}");
                }
            }
        }
        let block = board.block(80, 8, at(start, 75));
        assert_eq!(block[0], "|  shop  waiting for objects  10/30 done  1m15s");
        assert_eq!(
            block[1],
            "  Deployment shop/web-0  0/2  1m15s  Replicas: 0/2"
        );
        assert_eq!(block[2], "  and 19 more");
        assert_eq!(block[3], "|  other  applying  1m15s");
        board.leave("shop");
        assert_eq!(board.block(80, 8, start), ["|  other  applying  0s"]);
        board.leave("other");
        assert!(board.block(80, 8, start).is_empty());
    }

    #[test]
    fn many_releases_share_a_small_screen() {
        let start = Instant::now();
        let mut board = Board::new(false);
        for at in 0..10 {
            board.step(&format!("r{at}"), "applying", start);
        }
        let block = board.block(80, 6, start);
        assert_eq!(block.len(), 4, "{block:?}");
        assert_eq!(block[3], "and 7 more releases");
    }
}
