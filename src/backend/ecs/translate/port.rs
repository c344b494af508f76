//! `portMappings`.

use serde_json::{Map, Value, json};

use super::object::Field;
use super::traffic::{Names, Traffic};
use super::workload::Workload;

/// `portMappings`. `names` are those that something refers to, by container and port.
pub(super) fn ports(
    workload: &Workload<'_>,
    container: &Field<'_>,
    index: usize,
    names: &Names,
) -> Vec<Value> {
    let mut found = Vec::new();
    for port in container.list("ports") {
        let Some(number) = port.whole("containerPort") else {
            continue;
        };
        let protocol = port.text("protocol").unwrap_or("TCP").to_lowercase();
        if !["tcp", "udp"].contains(&protocol.as_str()) {
            let message = format!("ECS has no {}", protocol.to_uppercase());
            workload.tell(1009, &format!("{}.protocol", port.path), message);
            continue;
        }
        let mut mapping = Map::new();
        if let Some((name, application)) = names.get(&(index, number)).filter(|_| protocol == "tcp")
        {
            mapping.insert("name".into(), name.as_str().into());
            if let Some(application) = application {
                mapping.insert("appProtocol".into(), (*application).into());
            }
        }
        mapping.insert("containerPort".into(), number.into());
        // Every task has an address of its own, on which the container's port is open.
        let host = port.whole("hostPort").filter(|host| *host > 0);
        if let Some(host) = host.filter(|host| *host == number || workload.is_host()) {
            mapping.insert("hostPort".into(), host.into());
        }
        mapping.insert("protocol".into(), protocol.into());
        found.push(Value::Object(mapping));
    }
    found
}

/// Ports that Services name and containers do not: on Kubernetes declaring them is optional.
pub(super) fn undeclared(
    definitions: &mut [Map<String, Value>],
    traffic: &Traffic,
    containers: &[Field<'_>],
) {
    for ((index, port), (name, application)) in &traffic.names {
        add_port(definitions, *index, *port, Some((name, *application)));
    }
    for (name, port) in &traffic.checked {
        if let Some(index) = containers
            .iter()
            .position(|it| it.text("name") == Some(name))
        {
            add_port(definitions, index, *port, None);
        }
    }
}

fn add_port(
    definitions: &mut [Map<String, Value>],
    index: usize,
    port: i64,
    named: Option<(&String, Option<&'static str>)>,
) {
    let Some(definition) = definitions.get_mut(index) else {
        return;
    };
    let mappings = definition
        .entry("portMappings")
        .or_insert_with(|| json!([]));
    let Some(mappings) = mappings.as_array_mut() else {
        return;
    };
    if mappings
        .iter()
        .any(|it| it["containerPort"] == port && it["protocol"] == "tcp")
    {
        return;
    }
    let mut mapping = json!({"containerPort": port, "protocol": "tcp"});
    if let Some((name, application)) = named {
        mapping["name"] = name.as_str().into();
        if let Some(application) = application {
            mapping["appProtocol"] = application.into();
        }
    }
    mappings.push(mapping);
}
