use super::Dependency;

/// `Chart.lock` (`chart.Lock`): the versions that ranges were resolved to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was written (RFC 3339), empty for Go's zero time.
    pub generated: String,
    /// Hash of what was asked for and what was found.
    pub digest: String,
    /// Name, version and repository of each chart; `None` where the file has no list.
    pub dependencies: Option<Vec<Dependency>>,
}
