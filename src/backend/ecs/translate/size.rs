//! Sizes of tasks and shares of containers.

use serde_json::Value;

use super::super::config::SizedBy;
use super::object::Field;
use super::quantity::Quantity;
use super::workload::Workload;

/// What Fargate sells: CPU units, least, greatest and step of MiB.
const FARGATE: [(u64, u64, u64, u64); 7] = [
    (256, 512, 2048, 0),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// The least that Fargate sells with both; Windows begins with a core and ends with four.
pub(in crate::backend::ecs) fn fit(cpu: u64, memory: u64, is_windows: bool) -> Option<(u64, u64)> {
    let rows = FARGATE
        .iter()
        .filter(|(units, ..)| !is_windows || (1024..=4096).contains(units));
    let (units, least, _, step) = rows
        .copied()
        .find(|(units, _, greatest, _)| *units >= cpu && *greatest >= memory)?;
    let wanted = memory.max(least);
    let bought = match step {
        0 => wanted.next_power_of_two(),
        step => least + (wanted - least).div_ceil(step) * step,
    };
    Some((units, bought))
}

/// What one container asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// `cpu` of the container.
    pub(super) cpu: Option<u64>,
    /// `memory`: what kills it.
    pub(super) memory: Option<u64>,
    /// `memoryReservation`
    pub(super) reservation: Option<u64>,
    /// Its part of the task's CPU.
    need_cpu: Option<Quantity>,
    /// Its part of the task's memory, in MiB.
    need_memory: Option<u64>,
    /// What it asks for, for autoscalers.
    pub(super) requested_cpu: Option<Quantity>,
    pub(super) requested_memory: Option<Quantity>,
}

/// A task's size.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Size {
    /// CPU units and MiB of the task; nothing where its containers say it.
    pub(super) task: Option<(u64, u64)>,
    /// By container, the init containers first.
    pub(super) shares: Vec<Share>,
    /// GiB of ephemeral storage.
    pub(super) storage: Option<u64>,
}

fn quantity(resources: Option<&Field<'_>>, part: &str, name: &str) -> Option<Quantity> {
    let found = resources?.get(part)?.get(name)?;
    Quantity::of(found.value)
}

/// Reads what a container asks for.
fn share(workload: &Workload<'_>, container: &Field<'_>) -> Share {
    let resources = container.get("resources");
    let resources = resources.as_ref();
    let limit_cpu = quantity(resources, "limits", "cpu");
    let limit_memory = quantity(resources, "limits", "memory");
    let cpu = quantity(resources, "requests", "cpu").or(limit_cpu);
    let asked = quantity(resources, "requests", "memory");
    let sizing = &workload.ctx.config.sizing;
    let path = |part: &str, name: &str| format!("{}.resources.{part}.{name}", container.path);
    let raised = |value: u64, least: u64, part: &str, name: &str| {
        if value < least {
            let message = format!("{value} is raised to {least}, the least that ECS takes");
            workload.tell(2002, &path(part, name), message);
        }
        value.max(least)
    };
    let is_asked = |part: &str, name: &str| quantity(resources, part, name).is_some();
    let units = cpu.map(|cpu| {
        let part = if is_asked("requests", "cpu") {
            "requests"
        } else {
            "limits"
        };
        raised(cpu.units_floor(), 2, part, "cpu")
    });
    let memory = limit_memory.map(|it| raised(it.mebibytes(), 6, "limits", "memory"));
    let reservation = asked.map(|it| raised(it.mebibytes(), 6, "requests", "memory"));
    let by_limits = sizing.cpu == Some(SizedBy::Limits);
    let need_memory = match sizing.memory {
        Some(SizedBy::Requests) => reservation.or(memory),
        _ => memory.or(reservation),
    };
    if limit_cpu.is_some() && !by_limits {
        let message = "a container may use what others of the task leave";
        workload.tell(3002, &path("limits", "cpu"), message);
    }
    Share {
        cpu: units,
        memory,
        reservation: reservation.filter(|it| memory.is_none_or(|memory| *it < memory)),
        need_cpu: if by_limits { limit_cpu.or(cpu) } else { cpu },
        need_memory,
        requested_cpu: cpu,
        requested_memory: asked.or(limit_memory),
    }
}

/// What an init container asks for, without a word about it.
fn silent(container: &Field<'_>, workload: &Workload<'_>) -> Share {
    let resources = container.get("resources");
    let resources = resources.as_ref();
    let limit_cpu = quantity(resources, "limits", "cpu");
    let request_cpu = quantity(resources, "requests", "cpu");
    let limit = quantity(resources, "limits", "memory").map(Quantity::mebibytes);
    let request = quantity(resources, "requests", "memory").map(Quantity::mebibytes);
    let sizing = &workload.ctx.config.sizing;
    Share {
        need_cpu: match sizing.cpu {
            Some(SizedBy::Limits) => limit_cpu.or(request_cpu),
            _ => request_cpu.or(limit_cpu),
        },
        need_memory: match sizing.memory {
            Some(SizedBy::Requests) => request.or(limit),
            _ => limit.or(request),
        },
        ..Share::default()
    }
}

/// Sizes a workload.
pub(super) fn size(workload: &Workload<'_>) -> Size {
    let mut shares = Vec::new();
    let mut running = (Quantity::default(), 0);
    let mut peak = (Quantity::default(), 0);
    let add = |to: (Quantity, u64), share: &Share| {
        let cpu = share.need_cpu.unwrap_or_default();
        (
            Quantity(to.0.0 + cpu.0),
            to.1 + share.need_memory.unwrap_or_default(),
        )
    };
    for container in workload.pod.list("initContainers") {
        if is_sidecar(&container) {
            let share = share(workload, &container);
            running = add(running, &share);
            shares.push(share);
            continue;
        }
        if let Some(resources) = container.get("resources").filter(|it| is_filled(it)) {
            let message = "it counts for the task's size, and has no share of its own";
            workload.tell(3005, &resources.path, message);
        }
        let share = silent(&container, workload);
        let now = add(running, &share);
        peak = (peak.0.max(now.0), peak.1.max(now.1));
        shares.push(share);
    }
    for container in workload.pod.list("containers") {
        let share = share(workload, &container);
        running = add(running, &share);
        shares.push(share);
    }
    let need = (running.0.max(peak.0), running.1.max(peak.1));
    let mut size = Size {
        task: None,
        storage: storage(workload),
        shares,
    };
    let defaults = &workload.ctx.config.defaults;
    let asks_cpu = size.shares.iter().any(|share| share.need_cpu.is_some());
    let asks_memory = size.shares.iter().any(|share| share.need_memory.is_some());
    let cpu = match asks_cpu {
        true => need.0.units_ceil(),
        false => defaults.cpu.unwrap_or(256),
    };
    let memory = match asks_memory {
        true => need.1,
        false => defaults.memory.unwrap_or(512),
    };
    let stated = stated(workload, cpu, memory);
    if workload.is_fargate() {
        size.task = fargate(workload, stated, (cpu, memory), asks_cpu || asks_memory);
    } else {
        let nothing = !asks_cpu && !asks_memory;
        size.task = stated.or(nothing.then_some((cpu, memory)));
        if size.task.is_none() {
            unsized_containers(workload, &size);
        }
    }
    if let (Some((_, bought)), true) = (size.task, workload.is_fargate()) {
        for share in &mut size.shares {
            share.memory = share.memory.map(|memory| memory.min(bought));
            share.reservation = share
                .reservation
                .filter(|it| share.memory.is_none_or(|memory| *it < memory));
        }
        capped(workload, &size, bought);
    }
    size
}

/// The size that annotations state.
fn stated(workload: &Workload<'_>, cpu: u64, memory: u64) -> Option<(u64, u64)> {
    let read = |name: &str| {
        let field = workload.object.own(name)?;
        let text = field.scalar().to_lowercase();
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let found = match name {
            "cpu" => match text.strip_suffix("vcpu") {
                Some(cores) => number(cores).map(|cores| (cores * 1024.0) as u64),
                None => text.parse().ok(),
            },
            _ => match text.strip_suffix("gb") {
                Some(gigabytes) => number(gigabytes).map(|it| (it * 1024.0) as u64),
                None => text
                    .parse()
                    .ok()
                    .or_else(|| Quantity::of(field.value).map(Quantity::mebibytes)),
            },
        };
        if found.is_none() {
            workload.tell(1018, &field.path, format!("{text:?} is no size"));
        }
        found
    };
    let (own_cpu, own_memory) = (read("cpu"), read("memory"));
    if own_cpu.is_none() && own_memory.is_none() {
        return None;
    }
    Some((own_cpu.unwrap_or(cpu), own_memory.unwrap_or(memory)))
}

fn fargate(
    workload: &Workload<'_>,
    stated: Option<(u64, u64)>,
    (cpu, memory): (u64, u64),
    asks: bool,
) -> Option<(u64, u64)> {
    let none = |cpu: u64, memory: u64| {
        let message = format!("no Fargate size has {cpu} CPU units and {memory} MiB");
        workload.tell(1008, &workload.pod.path, message);
    };
    if let Some((own_cpu, own_memory)) = stated {
        let is_sold =
            fit(own_cpu, own_memory, workload.is_windows()) == Some((own_cpu, own_memory));
        if !is_sold || own_cpu < cpu && asks || own_memory < memory && asks {
            none(own_cpu, own_memory);
            return None;
        }
        return Some((own_cpu, own_memory));
    }
    let Some(bought) = fit(cpu, memory, workload.is_windows()) else {
        none(cpu, memory);
        return None;
    };
    if bought != (cpu, memory) {
        let message = format!(
            "{cpu} CPU units and {memory} MiB are asked for, {} and {} are bought",
            bought.0, bought.1
        );
        workload.tell(3001, &workload.pod.path, message);
    }
    Some(bought)
}

/// Tells where containers cannot use all that is paid for.
fn capped(workload: &Workload<'_>, size: &Size, bought: u64) {
    let caps: Vec<u64> = size
        .shares
        .iter()
        .filter_map(|share| share.memory)
        .collect();
    let sum: u64 = caps.iter().sum();
    if caps.is_empty() || sum >= bought {
        return;
    }
    let containers = workload.pod.list("containers");
    let sidecars = workload
        .pod
        .list("initContainers")
        .iter()
        .filter(|it| is_sidecar(it))
        .count();
    let path = match containers.as_slice() {
        [only] if sidecars == 0 => format!("{}.resources.limits.memory", only.path),
        _ => workload.pod.path.clone(),
    };
    let message = format!("{sum} MiB may be used of {bought} MiB that are paid for");
    workload.tell(3004, &path, message);
}

/// Without a size of the task, ECS wants memory from every container.
fn unsized_containers(workload: &Workload<'_>, size: &Size) {
    let all = workload
        .pod
        .list("initContainers")
        .into_iter()
        .chain(workload.pod.list("containers"));
    for (container, share) in all.zip(&size.shares) {
        if share.memory.is_none() && share.reservation.is_none() {
            let message = "ECS wants memory of every container where the task has no size; set ecs.pintle.dev/memory";
            workload.tell(1018, &format!("{}.resources", container.path), message);
        }
    }
}

/// GiB of ephemeral storage, where it is more than comes with every task.
fn storage(workload: &Workload<'_>) -> Option<u64> {
    let stated = workload.object.own("ephemeral-storage");
    let (wanted, path) = match &stated {
        Some(field) => {
            let text = field.scalar();
            let plain = text.parse().ok();
            let read = plain.or_else(|| Quantity::of(field.value).map(Quantity::gibibytes));
            (read.unwrap_or_default(), field.path.clone())
        }
        None => {
            let mut sum = 0;
            let mut first = None;
            for container in workload.containers() {
                for part in ["requests", "limits"] {
                    let field = container.at(&["resources", part, "ephemeral-storage"]);
                    if let Some(field) = field {
                        sum += Quantity::of(field.value).map_or(0, |it| it.0);
                        first = first.or(Some(field.path));
                        break;
                    }
                }
            }
            (Quantity(sum).gibibytes(), first.unwrap_or_default())
        }
    };
    if wanted <= 20 {
        return None;
    }
    if !workload.is_fargate() {
        workload.tell(3007, &path, "instances have the storage that they have");
        return None;
    }
    if wanted > 200 {
        workload.tell(2002, &path, format!("{wanted} GiB are lowered to 200"));
    }
    Some(wanted.min(200))
}

/// Whether an init container goes on running.
pub(super) fn is_sidecar(container: &Field<'_>) -> bool {
    container.text("restartPolicy") == Some("Always")
}

fn is_filled(field: &Field<'_>) -> bool {
    let has = |part: &str| {
        field
            .get(part)
            .is_some_and(|it| it.value.as_object().is_some_and(|it| !it.is_empty()))
    };
    has("requests") || has("limits")
}

/// What all containers of a pod ask for together: CPU units and MiB.
pub(super) fn requested(size: &Size) -> (Option<f64>, Option<f64>) {
    let cpu: Vec<f64> = size
        .shares
        .iter()
        .filter_map(|it| it.requested_cpu)
        .map(Quantity::units)
        .collect();
    let memory: Vec<f64> = size
        .shares
        .iter()
        .filter_map(|it| it.requested_memory)
        .map(Quantity::mebibytes_exact)
        .collect();
    let sum = |all: Vec<f64>| (!all.is_empty()).then(|| all.iter().sum());
    (sum(cpu), sum(memory))
}

/// A member of `resources` as an environment variable: `limits.cpu` divided by `divisor`.
pub(super) fn downward(
    workload: &Workload<'_>,
    container: &Field<'_>,
    reference: &Field<'_>,
    task: Option<(u64, u64)>,
) -> Option<String> {
    let named = reference.text("containerName");
    let container = match named {
        Some(name) => workload
            .containers()
            .into_iter()
            .find(|it| it.text("name") == Some(name))?,
        None => container.clone(),
    };
    let resource = reference.text("resource")?;
    let (part, name) = resource.split_once('.')?;
    let resources = container.get("resources");
    let own = quantity(resources.as_ref(), part, name);
    // What has no limit may use all of the task.
    let whole = || {
        let (cpu, memory) = task?;
        match name {
            "cpu" => Quantity::of(&Value::from(cpu as f64 / 1024.0)),
            "memory" => Quantity::of(&Value::from(memory << 20)),
            _ => None,
        }
    };
    let value = match (own, part) {
        (Some(own), _) => own,
        (None, "limits") => whole()?,
        (None, _) => Quantity::default(),
    };
    let divisor = reference
        .get("divisor")
        .and_then(|it| Quantity::of(it.value));
    let divisor = divisor.unwrap_or(Quantity(1_000_000_000));
    Some(value.divided(divisor).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fargate_sells_these_sizes() {
        for (cpu, memory, want) in [
            (1, 1, Some((256, 512))),
            (256, 513, Some((256, 1024))),
            (256, 1025, Some((256, 2048))),
            (256, 2049, Some((512, 3072))),
            (308, 700, Some((512, 1024))),
            (512, 320, Some((512, 1024))),
            (1024, 3072, Some((1024, 3072))),
            (2048, 4096, Some((2048, 4096))),
            (4096, 30721, Some((8192, 32768))),
            (8192, 61440, Some((8192, 61440))),
            (8193, 1, Some((16384, 32768))),
            (16384, 122_880, Some((16384, 122_880))),
            (16385, 1, None),
            (1, 122_881, None),
        ] {
            assert_eq!(fit(cpu, memory, false), want, "{cpu} {memory}");
        }
        assert_eq!(fit(256, 512, true), Some((1024, 2048)));
        assert_eq!(fit(4097, 512, true), None);
    }
}
