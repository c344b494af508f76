//! Plugins that fetch what has a scheme of their own (`pkg/getter/plugingetter.go`, Helm 4.2.4).

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Call, Config, Credentials, Host, Plugin};
use crate::diag::Error;
use crate::go::strconv;

/// Getter plugins, to be handed to all who fetch. They are the same for a whole run, so any two are
/// equal.
#[derive(Clone, Debug, Default)]
pub struct Getters(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    plugins: Vec<Plugin>,
    host: Host,
}

impl Getters {
    /// Of these plugins, those that fetch.
    pub fn new(plugins: Vec<Plugin>, host: Host) -> Getters {
        let plugins: Vec<Plugin> = plugins
            .into_iter()
            .filter(|plugin| matches!(plugin.metadata.config, Config::Getter(_)))
            .collect();
        match plugins.is_empty() {
            true => Getters(None),
            false => Getters(Some(Arc::new(Inner { plugins, host }))),
        }
    }

    fn find(&self, scheme: &str) -> Option<(&Plugin, &Host)> {
        let inner = self.0.as_ref()?;
        let mut plugins = inner.plugins.iter();
        let plugin = plugins.find(|plugin| match &plugin.metadata.config {
            Config::Getter(protocols) => protocols.iter().any(|name| name == scheme),
            _ => false,
        })?;
        Some((plugin, &inner.host))
    }

    /// Whether one of them knows a scheme.
    pub fn know(&self, scheme: &str) -> bool {
        self.find(scheme).is_some()
    }

    /// Fetches what is at `address`; nothing where no plugin knows its scheme.
    ///
    /// # Errors
    /// What the plugin fails with.
    pub fn fetch(
        &self,
        address: &str,
        scheme: &str,
        credentials: Credentials,
    ) -> Option<Result<Vec<u8>, Error>> {
        let (plugin, host) = self.find(scheme)?;
        let call = Call {
            address: address.to_owned(),
            scheme: scheme.to_owned(),
            credentials,
        };
        Some(plugin.fetch(host, &call).map_err(|error| {
            let name = strconv::quote(&plugin.metadata.name);
            error.wrap(format!("plugin {name} failed to invoke"))
        }))
    }
}

impl PartialEq for Getters {
    fn eq(&self, _: &Getters) -> bool {
        true
    }
}

impl Eq for Getters {}

impl PartialOrd for Getters {
    fn partial_cmp(&self, other: &Getters) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Getters {
    fn cmp(&self, _: &Getters) -> Ordering {
        Ordering::Equal
    }
}
