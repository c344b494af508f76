//! Charts that several releases are made of, read once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::chart::{self, Chart};
use crate::diag::{Error, Notice};

/// What is said when a chart is read stands beside it.
type Place = Mutex<Option<(Chart, Vec<Notice>)>>;

/// Charts by path. Whoever keeps it sees to it that nobody changes them meanwhile.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<BTreeMap<String, Arc<Place>>>);

impl Shelf {
    /// The chart at `path`; others who want it meanwhile wait.
    ///
    /// # Errors
    /// Those of [`chart::load`]; the next one tries again.
    pub(super) fn load(&self, path: &str, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
        let place = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(path.to_owned()).or_default())
        };
        let mut kept = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((chart, told)) = &*kept {
            notices.extend_from_slice(told);
            return Ok(chart.clone());
        }
        let mut told = Vec::new();
        let chart = chart::load(path, &mut told);
        notices.extend_from_slice(&told);
        let chart = chart?;
        *kept = Some((chart.clone(), told));
        Ok(chart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("UTF-8");
        let shelf = Shelf::default();
        let mut notices = Vec::new();
        assert!(shelf.load(path, &mut notices).is_err());
        let write = |version: &str| {
            let text = format!("apiVersion: v2\nname: web\nversion: {version}\n");
            std::fs::write(folder.path().join("Chart.yaml"), text).expect("a file");
        };
        for version in ["1.0.0", "2.0.0"] {
            write(version);
            let chart = shelf.load(path, &mut notices).expect("a chart");
            assert_eq!(chart.metadata.version, "1.0.0");
        }
    }
}
