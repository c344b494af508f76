//! Benches of the parts: templates parsed and executed, YAML in and out, whole charts.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pintle::chart::{self, Capabilities, Chart, dependency, values};
use pintle::diag::Source;
use pintle::render::{self, Input, Options, Release, Templates};
use pintle::template::{Functions, Parser};
use pintle::value::{Frozen, FrozenMap};
use pintle::world::Real;
use pintle::yaml;

/// Charts of `charts-examples/` that are rendered whole.
const CHARTS: [&str; 4] = ["shop", "platform", "gateway", "atlas"];

fn folder(chart: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts-examples");
    root.join(chart).to_string_lossy().into_owned()
}

/// A chart with its dependencies processed, and its values for production.
fn open(chart: &str) -> (Chart, FrozenMap) {
    let folder = folder(chart);
    let mut notices = Vec::new();
    let mut chart = chart::load(&folder, &mut notices).expect("an example");
    let user = std::fs::read(format!("{folder}/environments/prod.yaml")).expect("an environment");
    let user = values::parse(&user).expect("values");
    dependency::process(&mut chart, &user, &mut notices).expect("an example");
    let values = values::coalesce(&chart, &user, &mut notices).expect("an example");
    (chart, values)
}

fn execute(chart: &Chart, templates: &Templates, values: &FrozenMap) -> usize {
    let input = Input {
        release: Release {
            name: "rel",
            namespace: "ns",
            revision: 1,
            is_upgrade: false,
        },
        values,
        capabilities: &Capabilities::default(),
        options: Options::default(),
    };
    let rendered = render::render(chart, templates, &input, &Real::new(), &mut Vec::new());
    rendered.expect("an example").len()
}

/// Values with everything in them: maps, lists, numbers, texts of several lines.
fn document() -> String {
    let mut text = String::new();
    for index in 0..400 {
        text.push_str(&format!(
            "service{index}:\n  replicas: {index}\n  image: {{repository: registry.example.com/app, tag: \"1.{index}\"}}\n  ratio: 0.{index}\n  env:\n  - name: LOG_LEVEL\n    value: debug\n  - name: NOTE\n    value: |\n      first line\n      second line\n  enabled: yes\n"
        ));
    }
    text
}

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| Functions::new(&[]));

/// A template as dashboards and alerts are: many actions, most of them braces for somebody else.
fn dashboard() -> Source {
    let mut text = String::new();
    for index in 0..400 {
        text.push_str(&format!(
            "{{{{- if and $.Values.rules.alert{index} (not (index .Values.disabled \"a{index}\")) }}}}\n- alert: A{index}\n  expr: sum(rate(http_requests{{job=\"a\"}}[5m])) > {{{{ .Values.limits.high | printf \"%d %v\" {index} }}}}\n  annotations: 'on {{{{`{{{{`}}}} $labels.instance {{{{`}}}}`}}}} for {{{{`{{{{`}}}} $value {{{{`}}}}`}}}}'\n{{{{- end }}}}\n"
        ));
    }
    Source::new("dashboard", text)
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse templates");
    for name in CHARTS {
        let (chart, _) = open(name);
        let size: usize = chart.templates.iter().map(|file| file.data.len()).sum();
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| Templates::parse(black_box(&chart)).is_ok());
        });
    }
    let text = dashboard();
    group.throughput(Throughput::Bytes(text.bytes().len() as u64));
    group.bench_function("dashboard", |bencher| {
        bencher.iter(|| {
            Parser::new(&FUNCTIONS)
                .parse("dashboard", black_box(&text))
                .expect("a template")
        });
    });
}

fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("execute templates");
    for name in CHARTS {
        let (chart, values) = open(name);
        let templates = Templates::parse(&chart).expect("an example");
        group.bench_function(name, |bencher| {
            bencher.iter(|| execute(black_box(&chart), &templates, &values));
        });
    }
}

fn texts(criterion: &mut Criterion) {
    let text = document();
    let value = yaml::to_frozen(text.as_bytes()).expect("a document");
    let mut group = criterion.benchmark_group("yaml");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("in", |bencher| {
        bencher.iter(|| yaml::to_frozen(black_box(text.as_bytes())).is_ok());
    });
    group.bench_function("out", |bencher| {
        bencher.iter(|| yaml::encode_frozen(black_box(&value)).is_ok());
    });
    let map = Frozen::Map(Arc::new(FrozenMap::new()));
    group.bench_function("out, empty", |bencher| {
        bencher.iter(|| yaml::encode_frozen(black_box(&map)).is_ok());
    });
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole chart");
    for name in CHARTS {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (chart, values) = open(black_box(name));
                let templates = Templates::parse(&chart).expect("an example");
                execute(&chart, &templates, &values)
            });
        });
    }
}

criterion_group!(benches, parse, run, texts, whole);
criterion_main!(benches);
