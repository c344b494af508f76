//! An account that is asked for what templates want to know.

use serde_json::Value;

use super::Amazon;
use crate::diag::Error;
use crate::net::aws::{Api, Options, Service, Session, Sources};
use crate::world::World;

/// An account, asked with the keys of the environment when something is wanted for the first time.
pub struct Account {
    api: Api,
    buckets: Session,
}

impl Account {
    /// Asks in `region`, or where the environment says if it is empty; at `endpoint` in place of Amazon's
    /// own, unless that is empty.
    pub fn new(world: &dyn World, region: &str, endpoint: &str) -> Account {
        let sources = Sources {
            region: region.to_owned(),
            ..Sources::of(world)
        };
        Account {
            buckets: Session::new(sources.clone(), String::new()),
            api: Api::new(Options {
                sources,
                endpoint: endpoint.to_owned(),
                ..Options::default()
            }),
        }
    }
}

impl Amazon for Account {
    fn ask(&self, service: &Service, operation: &str, input: &Value) -> Result<Value, Error> {
        let answer = self.api.ask(service, operation, input);
        answer.map_err(Error::from)
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        self.buckets.object(bucket, key, "")
    }
}
