//! Field managers of an object (`client-go/util/csaupgrade`).

use serde_json::{Map, Value, json};

/// A JSON patch that makes the fields which `manager` wrote by merging its own by server-side apply;
/// `None` where there are none.
pub(super) fn upgrade(live: &Value, manager: &str) -> Option<Value> {
    let metadata = live.get("metadata")?;
    let before = metadata.get("managedFields")?.as_array()?;
    let is = |entry: &Value, operation: &str| {
        entry["manager"] == manager
            && entry["operation"] == operation
            && entry["subresource"].as_str().unwrap_or_default().is_empty()
    };
    let merged = before.iter().find(|entry| is(entry, "Update"))?;
    // Where there is an entry already it takes the fields in, else the first becomes it.
    let at = before
        .iter()
        .position(|entry| is(entry, "Apply"))
        .or_else(|| before.iter().position(|entry| is(entry, "Update")))?;
    let mut after = before.clone();
    let mut fields = merged["fieldsV1"].clone();
    if is(&before[at], "Apply") {
        let mut own = before[at]["fieldsV1"].clone();
        unite(&mut own, &fields);
        fields = own;
    }
    for entry in before.iter().filter(|entry| is(entry, "Update")) {
        unite(&mut fields, &entry["fieldsV1"]);
    }
    let entry = after[at].as_object_mut()?;
    entry.insert("operation".to_owned(), Value::from("Apply"));
    entry.insert("fieldsV1".to_owned(), fields);
    after.retain(|entry| !is(entry, "Update"));
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": after},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": metadata.get("resourceVersion")?,
        },
    ]))
}

/// Adds the fields of `other`.
fn unite(fields: &mut Value, other: &Value) {
    let Some(other) = other.as_object() else {
        return;
    };
    if !fields.is_object() {
        *fields = Value::Object(Map::new());
    }
    let Some(own) = fields.as_object_mut() else {
        return;
    };
    for (name, inner) in other {
        match own.get_mut(name) {
            Some(known) => unite(known, inner),
            None => {
                own.insert(name.clone(), inner.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_move_to_the_entry_of_server_side_apply() {
        let entry = |manager: &str, operation: &str, fields: Value| json!({"manager": manager, "operation": operation, "fieldsV1": fields});
        let object = |entries: Vec<Value>| json!({"metadata": {"resourceVersion": "7", "managedFields": entries}});
        let a = json!({"f:data": {"f:a": {}}});
        let b = json!({"f:data": {"f:b": {}}});
        let both = json!({"f:data": {"f:b": {}, "f:a": {}}});
        let rows = [
            (vec![entry("other", "Update", a.clone())], None),
            (vec![entry("helm", "Apply", a.clone())], None),
            (
                vec![entry("helm", "Update", a.clone())],
                Some(vec![entry("helm", "Apply", a.clone())]),
            ),
            (
                vec![
                    entry("helm", "Update", a.clone()),
                    entry("x", "Update", a.clone()),
                    entry("helm", "Apply", b),
                ],
                Some(vec![entry("x", "Update", a), entry("helm", "Apply", both)]),
            ),
        ];
        for (before, want) in rows {
            let patch = upgrade(&object(before), "helm");
            let got = patch.as_ref().map(|patch| patch[0]["value"].clone());
            assert_eq!(got, want.map(Value::Array));
        }
    }
}
