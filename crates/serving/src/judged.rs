//! Rows of results tables, as an artefact keeps them to be shown: their shape is checked before they are.

use serde_json::Value;

/// What a row tells in numbers, each with the names on the way to it. One that is missing or null is shown as such.
const NUMBERS: [&[&str]; 5] =
    [&["r_traj", "mean"], &["r_traj", "lo"], &["r_traj", "hi"], &["len", "mean"], &["coverage"]];

/// Finds out whether all rows can be shown.
///
/// # Errors
/// Which row cannot, and why.
pub(crate) fn check(rows: &[Value]) -> Result<(), String> {
    rows.iter().enumerate().try_for_each(|(at, row)| {
        one(row).map_err(|why| format!("row {at} of what was judged is none: {why}"))
    })
}

fn one(row: &Value) -> Result<(), String> {
    let row = row.as_object().ok_or("it is no object")?;
    if !row.get("policy").is_some_and(Value::is_string) {
        return Err("`policy` is no text".to_owned());
    }
    if row.get("privileged").is_some_and(|value| !value.is_boolean()) {
        return Err("`privileged` is neither true nor false".to_owned());
    }
    for path in NUMBERS {
        let (last, way) = path.split_last().unwrap_or((&"", &[]));
        let mut place = Some(row);
        for name in way {
            place = match place.and_then(|place| place.get(*name)) {
                None | Some(Value::Null) => None,
                Some(Value::Object(inner)) => Some(inner),
                Some(_) => return Err(format!("`{name}` is no object")),
            };
        }
        let value = place.and_then(|place| place.get(*last));
        if value.is_some_and(|value| !value.is_number() && !value.is_null()) {
            return Err(format!("`{}` is no number", path.join(".")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn row() -> Value {
        let interval = json!({"mean": 1.5, "lo": 1, "hi": 2.5});
        json!({"policy": "il-rec", "privileged": false, "r_traj": interval, "len": interval, "coverage": 0.5})
    }

    #[test]
    fn rows_are_rows() {
        let mut older = row();
        older["coverage"] = Value::Null;
        older.as_object_mut().unwrap().remove("privileged");
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[row(), older, json!({"policy": "uniform"})]), Ok(()));
        let why = check(&[row(), json!(1)]).unwrap_err();
        assert_eq!(why, "row 1 of what was judged is none: it is no object");
    }

    proptest! {
        #[test]
        fn a_wrong_type_is_seen_wherever_it_is(
            place in prop::sample::select(vec![
                "/policy", "/privileged", "/r_traj", "/r_traj/mean", "/r_traj/lo", "/r_traj/hi", "/len", "/len/mean",
                "/coverage",
            ]),
            wrong in prop::sample::select(vec![json!([]), json!([1, 2]), json!("12"), json!("x"), json!({}), json!(true), json!(7)]),
        ) {
            let mut row = row();
            let right = row.pointer(place).unwrap().clone();
            prop_assume!(std::mem::discriminant(&right) != std::mem::discriminant(&wrong));
            *row.pointer_mut(place).unwrap() = wrong;
            prop_assert!(check(&[row]).is_err());
        }
    }
}
