//! Probes: what becomes a container's check, and what a target group's.

use serde_json::{Value, json};

use super::super::config::HttpProbe;
use super::file::quote;
use super::object::{Field, whole};
use super::workload::Workload;

/// What a target group checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Check {
    /// Members of a target group's request.
    pub(super) members: Vec<(&'static str, Value)>,
}

/// A number in a range, and whether it was in it.
fn clamp(value: i64, low: i64, high: i64) -> (i64, bool) {
    let clamped = value.clamp(low, high);
    (clamped, clamped != value)
}

/// A member of a probe, or Kubernetes' default.
fn number(probe: &Field<'_>, name: &str, usual: i64) -> i64 {
    probe.whole(name).filter(|it| *it > 0).unwrap_or(usual)
}

/// How long a container may take to start, by its startup probe.
pub(super) fn budget(container: &Field<'_>) -> Option<i64> {
    let probe = container.get("startupProbe")?;
    let wait = number(&probe, "initialDelaySeconds", 0);
    Some(wait + number(&probe, "periodSeconds", 10) * number(&probe, "failureThreshold", 3))
}

/// The port that a probe asks, by number.
pub(super) fn port(container: &Field<'_>, handler: &Field<'_>) -> Option<i64> {
    let wanted = handler.get("port")?;
    if let Some(number) = whole(wanted.value) {
        return Some(number);
    }
    let name = wanted.value.as_str()?;
    let ports = container.list("ports");
    let found = ports.iter().find(|it| it.text("name") == Some(name))?;
    found.whole("containerPort")
}

/// `healthCheck` of a container. `checked` are its ports that a target group checks.
pub(super) fn health(
    workload: &Workload<'_>,
    container: &Field<'_>,
    checked: &[i64],
) -> Option<Value> {
    let liveness = container.get("livenessProbe");
    let startup = container.get("startupProbe");
    let merged = workload.wants("readiness-as-healthcheck");
    let readiness = container.get("readinessProbe").filter(|_| merged);
    let probe = liveness.clone().or_else(|| startup.clone()).or(readiness)?;
    let (timeout, is_timeout) = clamp(number(&probe, "timeoutSeconds", 1), 2, 60);
    let command = command(workload, container, &probe, timeout, checked)?;
    let (interval, is_interval) = clamp(number(&probe, "periodSeconds", 10), 5, 300);
    // A startup probe's threshold is the budget, not how often a running container may fail.
    let is_startup = liveness.is_none() && startup.is_some();
    let threshold = if is_startup {
        3
    } else {
        number(&probe, "failureThreshold", 3)
    };
    let (retries, is_retries) = clamp(threshold, 1, 10);
    let own = match is_startup {
        true => 0,
        false => number(&probe, "initialDelaySeconds", 0),
    };
    let wanted = own + budget(container).unwrap_or_default();
    let (start, is_start) = clamp(wanted, 0, 300);
    if is_timeout || is_interval || is_retries || is_start && startup.is_none() {
        let message = "ECS takes periods from 5 s, timeouts from 2 s and up to 10 failures";
        workload.tell(2002, &probe.path, message);
    }
    if let (true, Some(startup)) = (is_start, &startup) {
        let message = format!("{wanted} s to start are lowered to 300");
        workload.tell(2002, &startup.path, message);
    }
    let mut check = json!({
        "command": command,
        "interval": interval,
        "timeout": timeout,
        "retries": retries,
    });
    if start > 0 {
        check["startPeriod"] = start.into();
    }
    Some(check)
}

/// What is run to find out.
fn command(
    workload: &Workload<'_>,
    container: &Field<'_>,
    probe: &Field<'_>,
    timeout: i64,
    checked: &[i64],
) -> Option<Vec<String>> {
    if let Some(exec) = probe.get("exec") {
        let mut words = vec!["CMD".to_owned()];
        words.extend(exec.list("command").iter().map(Field::scalar));
        return (words.len() > 1).then_some(words);
    }
    let unresolved = |handler: &Field<'_>| {
        let message = "the container has no port of this name";
        workload.tell(1010, &format!("{}.port", handler.path), message);
    };
    if let Some(http) = probe.get("httpGet") {
        let Some(port) = port(container, &http) else {
            unresolved(&http);
            return None;
        };
        let configured = match workload.object.own_text("http-probe") {
            Some("wget") => HttpProbe::Wget,
            Some("curl") => HttpProbe::Curl,
            Some("none") => HttpProbe::None,
            _ => workload.ctx.config.http_probe.unwrap_or_default(),
        };
        let with = match configured {
            HttpProbe::None => return None,
            HttpProbe::Auto if checked.contains(&port) => return None,
            HttpProbe::Auto | HttpProbe::Wget => "wget",
            HttpProbe::Curl => "curl",
        };
        let message = format!("{with} has to be in the image");
        workload.tell(2001, &http.path, message);
        return Some(vec![
            "CMD-SHELL".to_owned(),
            ask(with, &http, port, timeout),
        ]);
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        let Some(port) = port(container, &tcp) else {
            unresolved(&tcp);
            return None;
        };
        workload.tell(2001, &tcp.path, "nc has to be in the image");
        let host = tcp.text("host").unwrap_or("127.0.0.1");
        let command = format!("nc -z -w {timeout} {} {port}", quote(host));
        return Some(vec!["CMD-SHELL".to_owned(), command]);
    }
    let grpc = probe.get("grpc")?;
    let Some(program) = workload.object.own_text("grpc-probe") else {
        let message = "name the program that asks in ecs.pintle.dev/grpc-probe";
        workload.tell(2014, &grpc.path, message);
        return None;
    };
    let port = grpc.whole("port")?;
    let mut words = vec![
        "CMD".to_owned(),
        program.to_owned(),
        format!("-addr=127.0.0.1:{port}"),
    ];
    if let Some(service) = grpc.text("service").filter(|it| !it.is_empty()) {
        words.push(format!("-service={service}"));
    }
    Some(words)
}

/// The shell's words that ask a URL.
fn ask(with: &str, http: &Field<'_>, port: i64, timeout: i64) -> String {
    let is_secure = http.text("scheme") == Some("HTTPS");
    let scheme = if is_secure { "https" } else { "http" };
    let host = http.text("host").unwrap_or("127.0.0.1");
    let path = http.text("path").unwrap_or("/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let url = quote(&format!("{scheme}://{host}:{port}{slash}{path}"));
    let header = |header: &Field<'_>| {
        let (name, value) = (header.text("name")?, header.text("value")?);
        let text = format!("{name}: {value}");
        Some(format!("'{}' ", text.replace('\'', "'\\''")))
    };
    let headers: Vec<String> = http.list("httpHeaders").iter().filter_map(header).collect();
    let with_flag = |flag: &str| {
        headers
            .iter()
            .map(|it| format!("{flag} {it}"))
            .collect::<String>()
    };
    match with {
        "curl" => {
            let insecure = if is_secure { "-k " } else { "" };
            format!(
                "curl -fsS -m {timeout} {insecure}{}-o /dev/null {url} || exit 1",
                with_flag("-H")
            )
        }
        _ => {
            let insecure = if is_secure {
                "--no-check-certificate "
            } else {
                ""
            };
            format!(
                "wget -q -T {timeout} {insecure}{}-O /dev/null {url} || exit 1",
                with_flag("--header")
            )
        }
    }
}

/// What a target group checks of a container's port: its readiness probe.
pub(super) fn check(workload: &Workload<'_>, container: &Field<'_>, target: i64) -> Check {
    let mut check = Check {
        members: vec![
            ("HealthCheckProtocol", "HTTP".into()),
            ("HealthCheckPort", "traffic-port".into()),
            ("HealthCheckPath", "/".into()),
            ("Matcher", json!({"HttpCode": "200-399"})),
        ],
    };
    let Some(probe) = container.get("readinessProbe") else {
        return check;
    };
    let Some(http) = probe.get("httpGet") else {
        return check;
    };
    let scheme = http.text("scheme").unwrap_or("HTTP");
    check.set("HealthCheckProtocol", scheme.into());
    if let Some(port) = port(container, &http).filter(|port| *port != target) {
        check.set("HealthCheckPort", port.to_string().into());
    }
    check.set("HealthCheckPath", http.text("path").unwrap_or("/").into());
    pace(workload, &probe, &mut check);
    check
}

/// What the target group of a network load balancer checks: the readiness probe, where it asks by HTTP or
/// opens a connection; otherwise whether a connection can be opened.
pub(super) fn check_of_connections(
    workload: &Workload<'_>,
    container: &Field<'_>,
    target: i64,
) -> Check {
    let Some(probe) = container.get("readinessProbe") else {
        return Check::default();
    };
    if probe.get("httpGet").is_some() {
        return check(workload, container, target);
    }
    let Some(tcp) = probe.get("tcpSocket") else {
        return Check::default();
    };
    let mut check = Check::default();
    check.set("HealthCheckProtocol", "TCP".into());
    let port = port(container, &tcp).filter(|port| *port != target);
    let port = port.map_or("traffic-port".to_owned(), |port| port.to_string());
    check.set("HealthCheckPort", port.into());
    pace(workload, &probe, &mut check);
    check
}

/// How often a probe asks, and how often it has to be answered, as target groups take it.
fn pace(workload: &Workload<'_>, probe: &Field<'_>, check: &mut Check) {
    let (interval, a) = clamp(number(probe, "periodSeconds", 10), 5, 300);
    let most = (interval - 1).min(120);
    let (timeout, b) = clamp(number(probe, "timeoutSeconds", 1), 2, most);
    let (unhealthy, c) = clamp(number(probe, "failureThreshold", 3), 2, 10);
    let (healthy, d) = clamp(number(probe, "successThreshold", 1), 2, 10);
    if a || b || c || d {
        let message =
            "target groups take intervals from 5 s, timeouts from 2 s and thresholds from 2 to 10";
        workload.tell(2002, &probe.path, message);
    }
    check.set("HealthCheckIntervalSeconds", interval.into());
    check.set("HealthCheckTimeoutSeconds", timeout.into());
    check.set("HealthyThresholdCount", healthy.into());
    check.set("UnhealthyThresholdCount", unhealthy.into());
}

impl Check {
    /// Sets a member, or replaces it.
    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        match self.members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, there)) => *there = value,
            None => self.members.push((name, value)),
        }
    }
}

/// What uses a readiness probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checker {
    /// A target group of HTTP, or a gateway.
    Requests,
    /// A target group of a network load balancer.
    Connections,
}

/// Tells where a readiness probe is not used by what checks the container.
pub(super) fn unready(workload: &Workload<'_>, container: &Field<'_>, by: Option<Checker>) {
    let Some(probe) = container.get("readinessProbe") else {
        return;
    };
    let is_used = match by {
        Some(Checker::Requests) => probe.get("httpGet").is_some(),
        Some(Checker::Connections) => {
            probe.get("httpGet").is_some() || probe.get("tcpSocket").is_some()
        }
        None => false,
    };
    let is_used = is_used || workload.wants("readiness-as-healthcheck");
    if !is_used {
        let message =
            "nothing asks whether the container is ready; traffic begins as soon as it runs";
        workload.tell(2003, &probe.path, message);
    }
}
