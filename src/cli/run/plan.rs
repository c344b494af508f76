//! `pintle plan` and `pintle apply --plan FILE`.

use super::super::environment::Environment;
use super::diff::{Form, look};
use super::session::{Run, timeout};
use super::source::BEYOND;
use super::{cluster, install, upgrade};
use crate::action::plan::{self, Arguments, Plan, has_credentials};
use crate::backend::TIMEOUT;
use crate::diag::{Error, Kind};
use crate::fetch::file;
use crate::go::flag::{Flag, FlagSet, Kind as Takes};
use crate::go::os;
use crate::ui::Terminal;

/// Flags that are not a plan's: where it goes, how it is shown, and who may do what.
const OWN: &[&str] = &[
    "output",
    "plan",
    "context",
    "suppress",
    "suppress-secrets",
    "show-secrets",
    "three-way",
    "max-size",
    "dry-run",
    "install",
    "environment",
    "config",
    "unlock",
    "namespace",
    "kubeconfig",
    "kube-token",
    "username",
    "password",
    "color",
    "colour",
    "debug",
    "offline",
    "qps",
    "burst-limit",
    "registry-config",
    "repository-config",
    "repository-cache",
    "content-cache",
    BEYOND,
];

/// Shows what an upgrade would do, and keeps it for [`apply`]. `known` are the flags of an upgrade.
///
/// # Errors
/// Helm's line for whatever failed first, and objects that the server would refuse.
pub(in crate::cli) fn plan<'a>(
    flags: &FlagSet,
    arguments: &[String],
    known: impl Iterator<Item = &'a Flag>,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let path = flags.text("output").to_owned();
    if path.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            "`--output FILE` has to say where the plan goes; `-` is standard output",
        ));
    }
    let chart = arguments.get(1).cloned().unwrap_or_default();
    if has_credentials(&chart) {
        return Err(Error::new(
            Kind::Usage,
            "the address of the chart holds credentials, which a plan may not",
        )
        .with_hint(
            "Add the repository with `pintle repo add`, or log in with `pintle registry login`.",
        ));
    }
    let typed = Arguments {
        chart,
        flags: given(flags, known),
        withheld: Vec::new(),
    };
    let backend = cluster::connect(flags, environment)?;
    let backend = backend.as_ref();
    let wish = upgrade::wish(flags, arguments, environment, terminal, backend)?;
    let run = Run {
        flags,
        environment,
        timeout: TIMEOUT,
        caught: None,
    };
    let look = look(flags);
    let (plan, report) =
        run.with_chart(Some(backend), terminal, |around, context, out, notices| {
            plan::make(
                &wish,
                typed,
                &look,
                backend,
                around,
                (context, out, notices),
            )
        })?;
    let text = plan.to_text()?;
    if path == "-" {
        terminal.print(&text);
    } else {
        Form::Text.print(&report, flags, terminal)?;
    }
    if report.has_refusals() {
        return Err(Error::new(
            Kind::Conflict,
            "the server would refuse some of it: no plan is written",
        ));
    }
    if path != "-" {
        file::write(&path, text.as_bytes(), 0o644)?;
        terminal.print(&format!(
            "\nThe plan is in {path}: `pintle apply --plan {path}` does what is shown here, or nothing.\n"
        ));
    }
    for withheld in &plan.arguments.withheld {
        terminal.complain(&format!(
            "--{withheld}=... is secret and not in the plan: give it again with `pintle apply`.\n"
        ));
    }
    Ok(())
}

/// Carries out a plan.
///
/// # Errors
/// A file that is no plan, a plan that does not hold any more, and Helm's line for whatever fails then.
pub(in crate::cli) fn apply<'a>(
    flags: &mut FlagSet,
    known: impl Iterator<Item = &'a Flag>,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let path = flags.text("plan").to_owned();
    if path.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            "`--plan FILE` has to name a plan, as `pintle plan` makes them",
        ));
    }
    let text = std::fs::read(&path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", &path, &error)))?;
    let plan = Plan::parse(&text).map_err(|error| error.wrap(&path))?;
    let lacking = plan.arguments.lacks(&|flag| flags.list(flag).to_vec());
    if !lacking.is_empty() {
        let lacking: Vec<_> = lacking.iter().map(|it| format!("--{it}=...")).collect();
        return Err(Error::new(
            Kind::Usage,
            format!("plans hold no secrets: give {} again", lacking.join(" ")),
        ));
    }
    restore(&plan, flags, known)?;
    super::super::settings::Settings::find_ecs(flags, environment)?;
    let arguments = [plan.release.clone(), plan.arguments.chart.clone()];
    let backend = cluster::connect(flags, environment)?;
    let backend = backend.as_ref();
    let wish = upgrade::wish(flags, &arguments, environment, terminal, backend)?;
    let run = Run {
        flags,
        environment,
        timeout: timeout(flags)?,
        caught: Some(&plan.release),
    };
    let outcome = run.with_chart(Some(backend), terminal, |around, context, out, notices| {
        plan::apply(&plan, &wish, backend, around, (context, out, notices))
    })?;
    upgrade::print(&outcome, &plan.release, flags, terminal)?;
    install::tell_addresses(Some(backend), flags, terminal);
    Ok(())
}

fn is_list(flag: &Flag) -> bool {
    matches!(
        flag.kind,
        Takes::TextArray | Takes::TextSlice | Takes::TextMap | Takes::Custom { list: true, .. }
    )
}

/// The flags that count, whoever gave them, and their values.
fn given<'a>(
    flags: &FlagSet,
    known: impl Iterator<Item = &'a Flag>,
) -> std::collections::BTreeMap<String, Vec<String>> {
    let counts = known.filter(|flag| !OWN.contains(&flag.name));
    let values = counts.map(|flag| {
        let values = match is_list(flag) {
            true => flags.list(flag.name).to_vec(),
            false => match flags.text(flag.name) {
                text if text == flag.default => Vec::new(),
                text => vec![text.to_owned()],
            },
        };
        (flag.name.to_owned(), values)
    });
    values.filter(|(_, values)| !values.is_empty()).collect()
}

/// Puts the flags of a plan below those that were typed.
fn restore<'a>(
    plan: &Plan,
    flags: &mut FlagSet,
    known: impl Iterator<Item = &'a Flag>,
) -> Result<(), Error> {
    let known: Vec<&Flag> = known.filter(|flag| !OWN.contains(&flag.name)).collect();
    for (name, values) in &plan.arguments.flags {
        let Some(flag) = known.iter().find(|flag| flag.name == name) else {
            let message = format!("the plan has a flag --{name}, which this pintle does not know");
            return Err(Error::new(Kind::Usage, message));
        };
        if is_list(flag) {
            flags.prepend(name, values.clone());
        } else if !flags.changed(name) {
            flags.set_default(name, values.last().cloned().unwrap_or_default());
        }
    }
    if flags.changed("namespace") && flags.text("namespace") != plan.namespace {
        let message = format!("the plan is for namespace {:?}", plan.namespace);
        return Err(Error::new(Kind::Usage, message));
    }
    flags.set_default("namespace", plan.namespace.clone());
    Ok(())
}
