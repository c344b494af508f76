//! Which ports containers expose, and which of them traffic is for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::word;
use super::workload::{Kind, Workload, port, sorted, whole};

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exposed {
    container: String,
    protocol: String,
    /// Whether the container itself says so, and not a rule.
    is_own: bool,
}

/// The ports of a workload.
#[derive(Clone, Debug, Default)]
pub(super) struct Ports {
    main: String,
    exposed: BTreeMap<u64, Exposed>,
    /// `image.port`
    pub(super) own: Option<u64>,
}

/// Where traffic goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) container: String,
    pub(super) port: u64,
}

/// The rules of `http`, each with its path; nothing where there is none.
pub(super) fn rules<'v>(workload: &Workload<'v>) -> Vec<(&'v Value, String)> {
    let http = &workload.manifest["http"];
    let serves = matches!(workload.kind, Kind::Web | Kind::Backend);
    let Some(main) = http.as_object().filter(|map| serves && !map.is_empty()) else {
        return Vec::new();
    };
    let mut rules = vec![(http, "http".to_owned())];
    let more = main.get("additional_rules").and_then(Value::as_array);
    for (index, rule) in more.into_iter().flatten().enumerate() {
        rules.push((rule, format!("http.additional_rules[{index}]")));
    }
    rules
}

/// The listeners of `nlb`, each with its path.
pub(super) fn listeners<'v>(workload: &Workload<'v>) -> Vec<(&'v Value, String)> {
    let nlb = &workload.manifest["nlb"];
    let Some(main) = nlb.as_object() else {
        return Vec::new();
    };
    if workload.kind != Kind::Web || main.is_empty() {
        return Vec::new();
    }
    let mut listeners = vec![(nlb, "nlb".to_owned())];
    let more = main.get("additional_listeners").and_then(Value::as_array);
    for (index, listener) in more.into_iter().flatten().enumerate() {
        listeners.push((listener, format!("nlb.additional_listeners[{index}]")));
    }
    listeners
}

impl Ports {
    /// Reads ports of sidecars, rules, listeners and the main container, in this order: the first to
    /// name a port has it.
    pub(super) fn of(workload: &Workload<'_>) -> Ports {
        let mut ports = Ports {
            main: workload.name.to_owned(),
            ..Ports::default()
        };
        for (name, sidecar) in sorted(&workload.manifest["sidecars"]) {
            let value = &sidecar["port"];
            match port(value) {
                Some((number, protocol)) => ports.add(number, name, &protocol, true),
                None if !value.is_null() => {
                    let path = word::join(&word::join("sidecars", name), "port");
                    workload.tell(1018, &path, format!("{value} is no port"));
                }
                None => {}
            }
        }
        for (rule, _) in rules(workload) {
            if let Some(number) = whole(&rule["target_port"]) {
                let container = rule["target_container"].as_str();
                ports.add(number, container.unwrap_or(workload.name), "tcp", false);
            }
        }
        for (listener, path) in listeners(workload) {
            let Some((number, protocol)) = port(&listener["port"]) else {
                let path = word::join(&path, "port");
                workload.tell(
                    1018,
                    &path,
                    "has to be PORT or PORT/PROTOCOL, tcp, udp or tls",
                );
                continue;
            };
            let number = whole(&listener["target_port"]).unwrap_or(number);
            let protocol = if protocol == "udp" { "udp" } else { "tcp" };
            let container = listener["target_container"].as_str();
            ports.add(number, container.unwrap_or(workload.name), protocol, false);
        }
        if workload.kind != Kind::Worker && workload.kind != Kind::Job {
            let value = &workload.manifest["image"]["port"];
            ports.own = workload.whole(value, "image.port");
            if let Some(number) = ports.own {
                ports.add(number, workload.name, "tcp", true);
            }
        }
        ports
    }

    fn add(&mut self, port: u64, container: &str, protocol: &str, is_own: bool) {
        let there = self.exposed.entry(port).or_insert_with(|| Exposed {
            container: container.to_owned(),
            protocol: protocol.to_owned(),
            is_own,
        });
        there.is_own |= is_own;
    }

    /// `portMappings` of a container; the port that Service Connect serves has a name.
    pub(super) fn mappings(&self, container: &str, served: Option<&Target>) -> Vec<Value> {
        let of_it = self
            .exposed
            .iter()
            .filter(|(_, exposed)| exposed.container == container);
        let mapping = |(port, exposed): (&u64, &Exposed)| {
            let mut mapping = json!({"containerPort": port, "protocol": exposed.protocol});
            if served.is_some_and(|it| it.container == container && it.port == *port) {
                mapping["name"] = "target".into();
            }
            mapping
        };
        of_it.map(mapping).collect()
    }

    /// The port that a container exposes by itself.
    fn own_of(&self, container: &str) -> Option<u64> {
        let own =
            |(_, exposed): &(&u64, &Exposed)| exposed.container == container && exposed.is_own;
        self.exposed.iter().find(own).map(|(port, _)| *port)
    }

    fn main(&self) -> Option<Target> {
        self.own.map(|port| Target {
            container: self.main.clone(),
            port,
        })
    }

    /// What a rule or listener names, where it names anything; `unsaid` is the port where it names but
    /// the main container.
    fn named(&self, rule: &Value) -> Option<Target> {
        let container = rule["target_container"].as_str();
        let port = whole(&rule["target_port"]);
        let target = |container: &str, port: u64| Target {
            container: container.to_owned(),
            port,
        };
        match (container, port) {
            (None, None) => None,
            (Some(container), None) if container == self.main => None,
            (Some(container), None) => self.own_of(container).map(|port| target(container, port)),
            (None, Some(port)) => {
                let found = self.exposed.get(&port);
                let container = found.map_or(self.main.as_str(), |it| &it.container);
                Some(target(container, port))
            }
            (Some(container), Some(port)) => Some(target(container, port)),
        }
    }

    /// Where a rule of the application load balancer sends traffic.
    pub(super) fn of_rule(&self, rule: &Value) -> Option<Target> {
        self.named(rule).or_else(|| self.main())
    }

    /// Where a listener of the network load balancer sends traffic.
    pub(super) fn of_listener(&self, listener: &Value) -> Option<Target> {
        let (number, _) = port(&listener["port"])?;
        Some(self.named(listener).unwrap_or(Target {
            container: self.main.clone(),
            port: number,
        }))
    }

    /// What others reach the workload at.
    pub(super) fn served(&self, workload: &Workload<'_>) -> Option<Target> {
        let first = rules(workload).first().map(|(rule, _)| *rule);
        let named = first.and_then(|rule| self.named(rule));
        let target = named.or_else(|| self.main())?;
        let exposed = self.exposed.get(&target.port);
        let is_udp = exposed.is_some_and(|it| it.protocol == "udp");
        (!is_udp).then_some(target)
    }

    /// The port that is registered for discovery.
    pub(super) fn discovered(&self, workload: &Workload<'_>) -> Option<u64> {
        let first = rules(workload).first().map(|(rule, _)| *rule);
        let target = first.and_then(|rule| self.named(rule));
        target.or_else(|| self.main()).map(|target| target.port)
    }
}
