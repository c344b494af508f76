//! Whether values mean the same, however they are written.

use serde_json::Value;

/// Whether two fields mean the same: nothing and null do, numbers of the same size do, and
/// quantities (`0.5` and `500m`) do.
pub fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (a, b) = (a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null));
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => {
            a == b || quantity(a).is_some_and(|a| Some(a) == quantity(b))
        }
        (Value::String(text), Value::Number(number))
        | (Value::Number(number), Value::String(text)) => {
            quantity(text).is_some_and(|value| number.as_f64() == Some(value))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(Some(a), Some(b)))
        }
        (Value::Object(a), Value::Object(b)) => {
            let known = a.iter().all(|(name, a)| same(Some(a), b.get(name)));
            known
                && b.iter()
                    .all(|(name, b)| a.contains_key(name) || b.is_null())
        }
        (a, b) => a == b,
    }
}

/// The value of a quantity of Kubernetes.
fn quantity(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-' && c != '+');
    let (number, suffix) = text.split_at(digits.unwrap_or(text.len()));
    let factor = match suffix {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_mean_the_same_however_they_are_written() {
        for (a, b, want) in [
            (json!("0.5"), json!("500m"), true),
            (json!("1Gi"), json!("1024Mi"), true),
            (json!(1), json!(1.0), true),
            (json!("1"), json!(1), true),
            (json!("1Gi"), json!("1G"), false),
            (json!("a"), json!("b"), false),
            (json!({"a": null}), json!({}), true),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), false),
            (json!(["1k"]), json!(["1000"]), true),
            (json!([1]), json!([1, 1]), false),
            (json!(true), json!("true"), false),
        ] {
            assert_eq!(same(Some(&a), Some(&b)), want, "{a} {b}");
            assert_eq!(same(Some(&b), Some(&a)), want, "{b} {a}");
        }
        assert!(same(None, Some(&Value::Null)));
    }
}
