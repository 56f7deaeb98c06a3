//! Categories in every shape, and items files that are not what they seem.

use super::*;
use crate::*;
use proptest::prelude::*;

/// Imports three items of the given fields from a CSV file with quoted fields.
fn items_of(fields: &[&str]) -> (Vec<Vec<String>>, ImportReport) {
    let mut items = String::from("id,title,genres\n");
    for (row, field) in fields.iter().enumerate() {
        items += &format!("i{row},T{row},\"{}\"\n", field.replace('"', "\"\""));
    }
    import_items("items.csv", items.as_bytes()).map(|(d, r)| (categories(&d), r)).unwrap()
}

fn import_items(name: &str, items: &[u8]) -> Result<(Dataset, ImportReport), DataError> {
    let files = Files::new(&[("log.csv", b"user,item,rating\nu,i0,1\nu,i1,5\n"), (name, items)]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.items = Some(files.path(name));
    import(&options)
}

fn categories(dataset: &Dataset) -> Vec<Vec<String>> {
    let name = |row: &u16| dataset.catalogue.categories()[*row as usize].clone();
    dataset.catalogue.items().iter().map(|item| item.categories.iter().map(name).collect()).collect()
}

#[test]
fn one_item_in_every_shape() {
    for field in [
        "Drama|Sci-Fi",
        "Drama;Sci-Fi",
        "['Drama', 'Sci-Fi']",
        "[\"Drama\", \"Sci-Fi\"]",
        "[u'Drama', u'Sci-Fi', ]",
        "('Drama', 'Sci-Fi')",
        "{'Drama', 'Sci-Fi'}",
        "set(['Drama', 'Sci-Fi'])",
        "frozenset({'Drama', 'Sci-Fi'})",
        "['Drama' 'Sci-Fi']",
        "['Drama'\n 'Sci-Fi']",
        "array(['Drama', 'Sci-Fi'], dtype=object)",
        "[np.str_('Drama'), np.str_('Sci-Fi')]",
        "[['Drama'], ['Sci-Fi']]",
        "[{'id': 18, 'name': 'Drama'}, {'id': 878, 'name': 'Sci-Fi'}]",
        "[{\"id\": 18, \"name\": \"Drama\"}, {\"id\": 878, \"name\": \"Sci-Fi\"}]",
        "{'Drama': 12, 'Sci-Fi': 7}",
        "{'Drama': True, 'Sci-Fi': True, 'Comedy': False}",
        "[Drama, Sci-Fi]",
        "{Drama,Sci-Fi}",
        "['Drama', 'Sci-Fi', None, nan]",
    ] {
        let (got, report) = items_of(&[field]);
        assert_eq!(got[0], ["Drama", "Sci-Fi"], "{field}");
        assert!(report.n_warned(Warning::CategoriesNotUnderstood) == 0, "{field}");
    }
    for nothing in
        ["", "nan", "NaN", "None", "null", "[]", "{}", "set()", "(no genres listed)", "[None]", "<NA>"]
    {
        assert_eq!(items_of(&[nothing]).0[0], [""; 0], "{nothing}");
    }
}

#[test]
fn what_is_not_understood_is_counted_with_an_example() {
    let strange = [
        "[{'id': 0}, {'id': 1}]",
        "[{'id': 0, 'nam",
        "{'a': [1, 2]}",
        "['open",
        "[datetime.date(2020, 1, 1)]",
    ];
    for field in strange {
        let (got, report) = items_of(&["Drama", field]);
        assert_eq!((got[0].clone(), got[1].clone()), (vec!["Drama".to_owned()], vec![]), "{field}");
        let tally = &report.warnings[&Warning::CategoriesNotUnderstood];
        assert_eq!(tally.n, 1);
        assert!(tally.first.as_deref().unwrap().starts_with("items.csv, line 3: "), "{tally:?}");
    }
}

#[test]
fn commas_are_decided_over_the_whole_column() {
    let (got, report) = items_of(&["Food, Bars", "Food, Cafes", "Hotels, Travel", "Food"]);
    assert_eq!(got[0], ["Bars", "Food"]);
    assert_eq!(got[2], ["Hotels", "Travel"]);
    assert_eq!(report.n_warned(Warning::CategoriesSplitAtCommas), 3);
    let (got, report) =
        items_of(&["Arts, Crafts & Sewing", "Clothing, Shoes & Jewelry", "Books", "Arts, Crafts & Sewing"]);
    assert_eq!(got[0], ["Arts, Crafts & Sewing"]);
    assert_eq!(got[3], ["Arts, Crafts & Sewing"]);
    assert_eq!(report.n_warned(Warning::CategoriesSplitAtCommas), 0);
    assert_eq!(items_of(&["Arts &amp; Crafts;Books"]).0[0], ["Arts &amp; Crafts", "Books"]);
}

#[test]
fn json_items_in_every_shape() {
    for genres in [
        r#"["Drama", "Sci-Fi"]"#,
        r#"[["Drama", "Sci-Fi"]]"#,
        r#"[{"id": 1, "name": "Drama"}, {"id": 2, "name": "Sci-Fi"}]"#,
        r#"[{"id": "1", "description": "Drama"}, {"description": "Sci-Fi"}]"#,
        r#"{"Drama": 300, "Sci-Fi": 20}"#,
        r#""['Drama', 'Sci-Fi']""#,
        r#""Drama|Sci-Fi""#,
    ] {
        let line = format!("{{\"id\": \"i0\", \"title\": \"T\", \"genres\": {genres}}}\n");
        for (name, content) in [("items.jsonl", line.clone()), ("items.json", format!("[{line}]"))] {
            let (dataset, _) = import_items(name, content.as_bytes()).unwrap();
            assert_eq!(categories(&dataset)[0], ["Drama", "Sci-Fi"], "{genres} in {name}");
        }
    }
    let (dataset, report) =
        import_items("items.json", br#"{"id": "i0", "title": "T", "genres": {"id": 3}}"#).unwrap();
    assert_eq!(categories(&dataset)[0], [""; 0]);
    assert_eq!(report.n_warned(Warning::CategoriesNotUnderstood), 1);
}

#[test]
fn lines_of_items_are_checked_like_those_of_the_log() {
    let said = |name: &str, items: &[u8]| {
        let error = import_items(name, items).unwrap_err();
        (error.to_string().rsplit_once(": ").unwrap().0.to_owned(), error.line())
    };
    let tab = b"item_id\ttitle\tgenres\ni0\tTitle 0\tG0\ni1\t\"Heroes 1\tG1\ni2\tTitle 2\tG2\n";
    assert_eq!(said("items.tsv", tab).1, Some(3));
    assert!(
        said("items.tsv", tab).0.starts_with("a quotation mark opens here"),
        "{:?}",
        said("items.tsv", tab)
    );
    let comma = b"item_id,title,genres\ni0,Title 0,G0\ni1,Good, Bad 1,G1\n";
    assert_eq!(said("items.csv", comma), ("4 fields where the header has 3 (line 3)".into(), Some(3)));
    for (name, nothing) in [("items.csv", &b""[..]), ("items.json", b"[]"), ("items.jsonl", b"\n")] {
        assert_eq!(said(name, nothing).0, "no rows", "{name}");
    }
    let (_, report) = import_items("items.csv", b"id,title\n").unwrap();
    assert_eq!(report.n_warned(Warning::EmptyItemsFile), 1);
    let files = Files::new(&[("log.csv", b"user,item\nu,i0\n"), ("items.csv", comma)]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.items = Some(files.path("items.csv"));
    options.bad_rows = BadRows::Skip;
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((dataset.n_items(), report.n_warned(Warning::ItemLineSkipped)), (1, 1));
    assert!(report.adds_up());
}

#[test]
fn titles_that_are_none_and_titles_of_several_lines() {
    let items = b"id,title\ni0,\"Two\n  lines\tand a tab\"\ni1,nan\ni2,None\ni3,\"Nan  of  the North\"\n";
    let (dataset, report) = import_items("items.csv", items).unwrap();
    let titles: Vec<&str> = dataset.catalogue.items().iter().map(|item| item.title.as_str()).collect();
    assert_eq!(titles, ["Two lines and a tab", "i1", "i2", "Nan  of  the North"]);
    assert_eq!(report.n_warned(Warning::ItemWithoutTitle), 2);
}

#[test]
fn a_column_with_a_value_for_every_item_is_no_category() {
    let lines = (0..65_600).map(|row| format!("i{row},T,G{row}\n"));
    let items: String = std::iter::once("id,title,genres\n".to_owned()).chain(lines).collect();
    let error = import_items("items.csv", items.as_bytes()).unwrap_err();
    assert!(
        error.hint().starts_with("a column with a value for every item is no category"),
        "{}",
        error.hint()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Names of any letters come back from every way to write a list of them.
    #[test]
    fn any_names_come_back_from_any_list(
        names in prop::collection::btree_set("[A-Za-z&'\"\\\\ é日(){}:,-]{1,12}", 1..5),
        in_dicts in any::<bool>(),
    ) {
        let names: Vec<String> = names.iter().map(|name| format!("x{}x", name)).collect();
        let json = match in_dicts {
            true => serde_json::to_string(&names.iter().map(|name| serde_json::json!({"id": 1, "name": name})).collect::<Vec<_>>()),
            false => serde_json::to_string(&names),
        }.unwrap();
        let quoted = |name: &String| format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"));
        let python = names.iter().map(quoted).collect::<Vec<_>>();
        let mut sorted = names.clone();
        sorted.sort();
        for text in [json, format!("[{}]", python.join(", ")), format!("{{{}}}", python.join(", ")), format!("[{}]", python.join(" "))] {
            let mut got = items_of(&[&text]).0[0].clone();
            got.sort();
            prop_assert_eq!(&got, &sorted, "{}", text);
        }
    }
}
