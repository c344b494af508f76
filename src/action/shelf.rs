//! Charts that several releases are made of: read once, their templates parsed once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chart::{Chart, Unopened};
use crate::diag::{Error, Notice};
use crate::render::Templates;

/// How many bytes of charts are kept.
const LIMIT: usize = 64 << 20;

/// How many sets of templates one chart is kept with: values switch its subcharts on and off.
const MAX_VARIANTS: usize = 8;

/// The charts of a run by their paths, up to a limit: those that were not asked for longest go first.
/// A chart whose files have changed is made anew.
pub struct Library {
    books: Mutex<Books>,
    limit: usize,
    shelves: AtomicU64,
}

#[derive(Default)]
struct Books {
    by_path: BTreeMap<String, Place>,
    /// Counts the questions.
    now: u64,
    /// Bytes of all of them.
    size: usize,
}

struct Place {
    book: Arc<Book>,
    /// When it was asked for last.
    asked: u64,
    size: usize,
}

impl Default for Library {
    fn default() -> Library {
        Library::of(LIMIT)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

impl Library {
    fn of(limit: usize) -> Library {
        Library {
            books: Mutex::default(),
            limit,
            shelves: AtomicU64::new(1),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, path: &str) -> Arc<Book> {
        let mut books = self.books();
        books.now += 1;
        let asked = books.now;
        let place = books
            .by_path
            .entry(path.to_owned())
            .or_insert_with(|| Place {
                book: Arc::default(),
                asked,
                size: 0,
            });
        place.asked = asked;
        Arc::clone(&place.book)
    }

    /// Notes how large a chart is, and forgets others where all are too large.
    fn weigh(&self, path: &str, size: usize) {
        let mut books = self.books();
        let Some(place) = books.by_path.get_mut(path) else {
            return;
        };
        let before = std::mem::replace(&mut place.size, size);
        books.size = books.size - before + size;
        while books.size > self.limit && books.by_path.len() > 1 {
            let places = books.by_path.iter();
            let oldest = places.min_by_key(|(_, place)| place.asked);
            let Some(oldest) = oldest.map(|(path, _)| path.clone()) else {
                return;
            };
            if let Some(place) = books.by_path.remove(&oldest) {
                books.size -= place.size;
            }
        }
    }
}

/// A library for a while in which nobody changes charts: each is compared with its files once.
#[derive(Debug)]
pub struct Shelf {
    library: Arc<Library>,
    number: u64,
}

impl Shelf {
    /// A shelf for the charts of `library`.
    pub fn new(library: &Arc<Library>) -> Shelf {
        Shelf {
            library: Arc::clone(library),
            number: library.shelves.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The chart at `path`; others who want it meanwhile wait.
    ///
    /// # Errors
    /// Those of [`chart::load`](crate::chart::load); the next one tries again.
    pub(super) fn load(
        &self,
        path: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<(Chart, Arc<Book>), Error> {
        // Paths of states start in their own folders.
        let full = std::path::absolute(path).map_or_else(
            |_| path.to_owned(),
            |full| format!("{}\0{path}", full.display()),
        );
        let book = self.library.find(&full);
        let (chart, size) = book.chart(path, self.number, notices)?;
        if let Some(size) = size {
            self.library.weigh(&full, size);
        }
        Ok((chart, book))
    }
}

/// A chart, and what was made of it.
#[derive(Default)]
pub(super) struct Book {
    kept: Mutex<Option<Kept>>,
    /// The templates of the chart, by what values make of it; the last that was asked for comes last.
    templates: Mutex<Vec<Arc<Templates>>>,
}

struct Kept {
    unopened: Unopened,
    chart: Chart,
    /// What is said when it is made.
    told: Vec<Notice>,
    /// The shelf that compared it with its files.
    shelf: u64,
}

impl Book {
    /// The chart, and its size where it was made anew.
    fn chart(
        &self,
        path: &str,
        shelf: u64,
        notices: &mut Vec<Notice>,
    ) -> Result<(Chart, Option<usize>), Error> {
        let mut place = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = place.as_ref().filter(|kept| kept.shelf == shelf) {
            notices.extend_from_slice(&kept.told);
            return Ok((kept.chart.clone(), None));
        }
        let before = place.take();
        let mut told = Vec::new();
        let unopened = Unopened::read(path, &mut told);
        if let (Ok(unopened), Some(mut kept)) = (&unopened, before)
            && *unopened == kept.unopened
        {
            kept.shelf = shelf;
            notices.extend_from_slice(&kept.told);
            let chart = kept.chart.clone();
            *place = Some(kept);
            return Ok((chart, None));
        }
        let made = unopened.and_then(|unopened| {
            let chart = unopened.clone().open(&mut told)?;
            Ok((unopened, chart))
        });
        notices.extend_from_slice(&told);
        let (unopened, chart) = made?;
        let size = unopened.size();
        *place = Some(Kept {
            unopened,
            chart: chart.clone(),
            told,
            shelf,
        });
        Ok((chart, Some(size)))
    }

    /// The templates of `chart`, which is what values made of the chart that is kept.
    ///
    /// # Errors
    /// Those of [`Templates::parse`].
    pub(super) fn templates(&self, chart: &Chart) -> Result<Arc<Templates>, Error> {
        // Whoever wants them too waits, for that is shorter than to parse them again.
        let mut all = self
            .templates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let templates = match all.iter().position(|templates| templates.are_of(chart)) {
            Some(at) => all.remove(at),
            None => Arc::new(Templates::parse(chart)?),
        };
        if all.len() == MAX_VARIANTS {
            all.remove(0);
        }
        all.push(Arc::clone(&templates));
        Ok(templates)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn write(folder: &Path, version: &str, template: &str) {
        let text = format!("apiVersion: v2\nname: web\nversion: {version}\n");
        fs::write(folder.join("Chart.yaml"), text).expect("a file");
        fs::create_dir_all(folder.join("templates")).expect("a folder");
        fs::write(folder.join("templates/a.yaml"), template).expect("a file");
    }

    #[test]
    fn a_chart_is_read_once_by_a_shelf() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("UTF-8");
        let shelf = Shelf::new(&Arc::default());
        let mut notices = Vec::new();
        assert!(shelf.load(path, &mut notices).is_err());
        for version in ["1.0.0", "2.0.0"] {
            write(folder.path(), version, "a: 1");
            let (chart, _) = shelf.load(path, &mut notices).expect("a chart");
            assert_eq!(chart.metadata.version, "1.0.0");
        }
    }

    #[test]
    fn a_chart_and_its_templates_are_made_again_where_files_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("UTF-8");
        write(folder.path(), "1.0.0", "a: {{ 1 }}");
        let library = Arc::default();
        let load = || {
            let shelf = Shelf::new(&library);
            let (chart, book) = shelf.load(path, &mut Vec::new()).expect("a chart");
            let templates = book.templates(&chart).expect("templates");
            (chart, templates)
        };
        let (first, parsed) = load();
        for _ in 0..3 {
            let (again, same) = load();
            assert!(Arc::ptr_eq(&first.values, &again.values));
            assert!(Arc::ptr_eq(&parsed, &same));
        }
        write(folder.path(), "1.0.0", "a: {{ 2 }}");
        let (other, parsed_anew) = load();
        assert!(!Arc::ptr_eq(&first.values, &other.values));
        assert!(!Arc::ptr_eq(&parsed, &parsed_anew));
        // A subchart's alias, or its absence, is another chart to the templates.
        let mut renamed = other.clone();
        renamed.metadata.name = "alias".to_owned();
        assert!(parsed_anew.are_of(&other) && !parsed_anew.are_of(&renamed));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let root = tempfile::tempdir().expect("a folder");
        let library = Arc::new(Library::of(1000));
        let text = "x".repeat(400);
        let load = |name: &str| {
            let folder = root.path().join(name);
            if !folder.exists() {
                fs::create_dir(&folder).expect("a folder");
                write(&folder, "1.0.0", &text);
            }
            let path = folder.to_str().expect("UTF-8").to_owned();
            let shelf = Shelf::new(&library);
            let (chart, _) = shelf.load(&path, &mut Vec::new()).expect("a chart");
            chart.values
        };
        let first = load("a");
        load("b");
        assert!(Arc::ptr_eq(&first, &load("a")));
        // `b` goes: `a` was asked for after it.
        load("c");
        assert!(Arc::ptr_eq(&first, &load("a")));
        for name in ["d", "e", "f", "g"] {
            load(name);
            let books = library.books();
            assert!(books.size <= 1000 && books.by_path.len() == 2, "{name}");
        }
        assert!(!Arc::ptr_eq(&first, &load("a")));
    }
}
