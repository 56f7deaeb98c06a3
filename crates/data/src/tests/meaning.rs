//! What columns and values are taken for, and that nothing is taken in silence.

use super::*;
use crate::input::names;
use crate::*;
use proptest::prelude::*;

/// The lines of an import: what was understood, then every sentence.
fn lines(report: &ImportReport) -> String {
    let said = report.warnings.values().flat_map(|tally| tally.said.clone());
    report.understood().into_iter().chain(said).collect::<Vec<_>>().join("\n")
}

fn csv(content: &str) -> (Dataset, ImportReport) {
    import_text(Format::Csv, "log.csv", content.as_bytes()).unwrap()
}

/// A plain name as somebody might write it: other case, separators between letters.
fn spelt(name: &str, capitals: &[bool], breaks: &[u8]) -> String {
    let mut out = String::new();
    for (place, character) in name.chars().enumerate() {
        if place > 0 {
            match breaks[place % breaks.len()] {
                0 => out.push('_'),
                1 => out.push('-'),
                2 => out.push(' '),
                3 => out.push('.'),
                _ => {}
            }
        }
        if capitals[place % capitals.len()] {
            out.extend(character.to_uppercase());
        } else {
            out.push(character);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_known_name_is_recognised_however_it_is_written(
        capitals in prop::collection::vec(any::<bool>(), 1..7),
        breaks in prop::collection::vec(0u8..9, 1..7),
        pick in any::<prop::sample::Index>(),
        role in 0usize..4,
    ) {
        let known = names::known();
        let (role, list) = &known[role];
        let name = spelt(list[pick.index(list.len())], &capitals, &breaks);
        let column = |wanted: &str, usual: &str| if *role == wanted { name.clone() } else { usual.to_owned() };
        let header =
            [column("user", "userId"), column("item", "itemId"), column("rating", "rating"), column("time", "timestamp")];
        let text = format!("{}\na,x,1,7\na,y,0,8\nb,x,1,9\n", header.join(","));
        let (_, report) = csv(&text);
        let columns = &report.sources[0].columns;
        prop_assert_eq!(columns.user.as_ref(), Some(&header[0]));
        prop_assert_eq!(columns.item.as_ref(), Some(&header[1]));
        prop_assert_eq!(columns.rating.as_ref(), Some(&header[2]));
        prop_assert_eq!(columns.time.as_ref(), Some(&header[3]));
        prop_assert_eq!(report.n_warned(Warning::NoRatingColumn), 0);
    }

    #[test]
    fn a_log_without_a_rating_says_so_in_every_format(
        names in prop::collection::hash_set("[a-z]{3,8}", 0..4),
        n_rows in 1usize..8,
    ) {
        let known: Vec<&str> = names::known().into_iter().flat_map(|(_, names)| names).collect();
        let names: Vec<&String> = names.iter().filter(|name| !known.contains(&name.as_str())).collect();
        let header = ["user_id", "item_id"].into_iter().chain(names.iter().map(|name| name.as_str()));
        let header: Vec<&str> = header.collect();
        let mut texts = vec![header.join(","), header.join("\t"), String::new()];
        for row in 0..n_rows {
            let fields: Vec<String> = (0..header.len()).map(|column| format!("v{row}{column}")).collect();
            texts[0] += &format!("\n{}", fields.join(","));
            texts[1] += &format!("\n{}", fields.join("\t"));
            let pairs = header.iter().zip(&fields).map(|(key, value)| format!("\"{key}\": \"{value}\""));
            texts[2] += &format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(", "));
        }
        let formats = [(Format::Csv, "log.csv"), (Format::Recbole, "log.inter"), (Format::Jsonl, "log.jsonl")];
        for ((format, name), text) in formats.into_iter().zip(&texts) {
            let (_, report) = import_text(format, name, text.as_bytes()).unwrap();
            let said = lines(&report);
            prop_assert_eq!(report.n_warned(Warning::NoRatingColumn), 1, "{}", &said);
            prop_assert!(said.contains("no rating column among user_id, item_id"), "{}", &said);
            prop_assert!(said.contains("rating=none (every row counts as liked)"), "{}", &said);
        }
    }

    #[test]
    fn separators_decimals_and_quotes_change_nothing(
        rows in prop::collection::vec((0u8..5, 0u8..9, 1u16..50), 2..20),
        separator in prop::sample::select(vec![",", ";", "\t", "|", "::", " ", "#", "~"]),
        comma in any::<bool>(),
        quote in any::<bool>(),
        is_named in any::<bool>(),
        has_header in any::<bool>(),
        declares in any::<bool>(),
    ) {
        // Two colons are never quoted; no guess finds an unusual separator; a comma cannot be both without quotes.
        let quote = (quote || (comma && separator == ",")) && separator != "::";
        let is_named = is_named || ["#", "~"].contains(&separator) || !has_header;
        let plain = |(user, item, tenths): &(u8, u8, u16)| {
            [format!("u{user}"), format!("i{item}"), format!("{}.{}", tenths / 10, tenths % 10)]
        };
        let usual: String = rows.iter().map(|row| plain(row).join(",") + "\n").collect();
        let (expected, _) = csv(&format!("user,item,rating\n{usual}"));

        let field = |text: String| if quote { format!("\"{text}\"") } else { text };
        let mut text = String::new();
        if declares && separator.len() == 1 && separator != " " {
            text += &format!("sep={separator}\n");
        }
        if has_header {
            text += &["user", "item", "rating"].map(|name| field(name.to_owned())).join(separator);
            text.push('\n');
        }
        for row in &rows {
            let mut fields = plain(row);
            if comma {
                fields[2] = fields[2].replace('.', ",");
            }
            text += &(fields.map(field).join(separator) + "\n");
        }
        let files = Files::new(&[("log.csv", text.as_bytes())]);
        let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
        let source = &mut options.sources[0];
        if is_named {
            source.separator = separator.parse().unwrap();
            source.decimal = if comma { Decimal::Comma } else { Decimal::Point };
        }
        if !has_header {
            source.no_header = true;
            source.columns = "user=1,item=2,rating=3".parse().unwrap();
        }
        let (dataset, _) = import(&options).unwrap();
        prop_assert_eq!(super::rows(&dataset), super::rows(&expected), "{}", &text);
    }
}

#[test]
fn the_best_known_name_wins() {
    for (header, expected) in [
        ("user_id,item_id,label,rating", "rating"),
        ("user_id,item_id,hours,is_recommended", "is_recommended"),
        ("user_id,item_id,value,playtime_forever", "playtime_forever"),
        ("user_id,item_id,review_score,stars", "stars"),
    ] {
        let (_, report) = csv(&format!("{header}\na,x,0,1\na,y,1,0\n"));
        assert_eq!(report.sources[0].columns.rating.as_deref(), Some(expected), "{header}");
    }
}

#[test]
fn yes_and_no_in_their_many_words_are_one_and_five() {
    for (yes, no) in [
        ("True", "False"),
        ("t", "f"),
        ("yes", "No"),
        ("Y", "N"),
        ("1", "0"),
        ("1.0", "0.0"),
        ("like", "dislike"),
    ] {
        for name in ["rating", "label", "is_click", "voted_up", "liked"] {
            let (dataset, report) = csv(&format!("user,item,{name}\na,x,{yes}\na,y,{no}\nb,x,{yes}\n"));
            assert_eq!(
                rows(&dataset),
                [("a", "x", 500, 0), ("a", "y", 100, 1), ("b", "x", 500, 0)],
                "{name} {yes}"
            );
            assert_eq!(report.n_warned(Warning::GuessedScale), 0);
        }
    }
    let (dataset, report) = csv("user,item,is_click\na,x,0\na,y,0\n");
    assert_eq!(rows(&dataset)[0].2, 100, "a click that is none is not liked");
    assert!(lines(&report).contains("all 2 ratings are 0"), "{}", lines(&report));
}

#[test]
fn what_was_understood_stands_in_one_line() {
    for (text, expected) in [
        (
            "customer,product,stars,date,tags\na,x,1,2020-01-01,t\na,y,5,2020-01-02,t\n",
            "user=customer item=product rating=stars (1..5) time=date; ignored: tags",
        ),
        (
            "userId,movieId,rating\na,x,0.5\na,y,5\n",
            "user=userId item=movieId rating=rating (0.5..5; rescaled to 1..5) time=none",
        ),
        (
            "user,item,score\na,x,-1\na,y,9\na,z,0\n",
            "user=user item=item rating=score (guessed scale: -10..10 from the data, -1..9; rescaled to 1..5) time=none",
        ),
        (
            "user,item,hours\na,x,0.1\na,y,700\n",
            "user=user item=item rating=hours (amounts 0.1..700, by rank to 1..5) time=none",
        ),
        (
            "user,item,liked\na,x,0\na,y,1\n",
            "user=user item=item rating=liked (no and yes, as 1 and 5) time=none",
        ),
        (
            "user,item,rating\na,x,4\na,y,4\n",
            "user=user item=item rating=rating (all 4: every row counts as liked) time=none",
        ),
    ] {
        assert_eq!(csv(text).1.understood(), [expected]);
    }
    let files = Files::new(&[
        ("l.csv", b"user,item,rating\na,x,1\na,y,5\n"),
        ("i.csv", b"id,name,year\nx,X,1\ny,Y,2\n"),
    ]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("l.csv"));
    options.items = Some(files.path("i.csv"));
    let (_, report) = import(&options).unwrap();
    assert_eq!(report.understood()[1], "i.csv: id=id title=name genres=none; ignored: year");
}

#[test]
fn a_column_that_looks_like_a_rating_is_named() {
    let table = |name: &str, value: fn(usize) -> String| {
        let row = |row: usize| format!("u{},i{row},{}\n", row % 3, value(row));
        format!("user,item,{name}\n{}", (0..40).map(row).collect::<String>())
    };
    for (name, value, is_named) in [
        ("my_movie_rating", (|row| (row % 5).to_string()) as fn(usize) -> String, true),
        ("wertung", |row| (row % 5).to_string(), true),
        ("wertung", |row| row.to_string(), false),
        ("userScoreGiven", |row| (row as f32 / 7.0).to_string(), true),
        ("would_like", |row| if row % 2 == 0 { "yes".into() } else { "no".into() }, true),
        ("page", |row| (row % 5).to_string(), false),
        ("avg_rating", |row| (row as f32 / 7.0).to_string(), false),
        ("review", |row| format!("words {row}"), false),
    ] {
        let (_, report) = csv(&table(name, value));
        let said = lines(&report);
        assert_eq!(said.contains(&format!("--map rating={name} uses it")), is_named, "{said}");
        assert_eq!(report.n_warned(Warning::NoRatingColumn), 1);
    }
    let (_, report) = csv("user,item,rating,story_rating\na,x,1,2\na,y,5,3\n");
    assert!(
        lines(&report).contains("--map rating=story_rating uses it instead of `rating`"),
        "{}",
        lines(&report)
    );
}

#[test]
fn sorts_of_events_are_noticed_until_one_is_chosen() {
    let log = "timestamp,visitorid,event,itemid\n1,a,view,x\n2,a,addtocart,x\n3,b,transaction,y\n";
    let (_, report) = csv(log);
    let said = lines(&report);
    assert!(said.contains("`event` tells view, addtocart, transaction apart"), "{said}");
    assert!(said.contains("--select event=transaction"), "{said}");
    let files = Files::new(&[("log.csv", log.as_bytes())]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.sources[0].select = vec!["event=transaction".parse().unwrap()];
    assert_eq!(import(&options).unwrap().1.n_warned(Warning::SeveralEvents), 0);
}

#[test]
fn a_key_of_json_lines_is_known_wherever_it_begins() {
    let line = |n: usize| match n {
        0..150 => format!("{{\"user\": \"a\", \"item\": \"i{n}\"}}\n"),
        _ => format!("{{\"user\": \"a\", \"item\": \"i{n}\", \"review_score\": {}}}\n", n % 5 + 1),
    };
    let text: String = (0..200).map(line).collect();
    let (dataset, report) = import_text(Format::Jsonl, "log.jsonl", text.as_bytes()).unwrap();
    assert_eq!(report.sources[0].columns.rating.as_deref(), Some("review_score"));
    assert_eq!((dataset.n_interactions(), report.n_dropped(DropReason::WithoutRating)), (50, 150));
}

#[test]
fn ratings_that_may_mean_not_rated_are_noticed() {
    let table = |values: &[&str]| {
        let rows: String =
            values.iter().enumerate().map(|(row, value)| format!("a,i{row},{value}\n")).collect();
        format!("user,item,rating\n{rows}")
    };
    for (values, expected) in [
        (&["-1", "3", "10", "1", "8"][..], Some("--missing -1")),
        (&["-9.5", "99", "3", "8"], Some("--missing 99")),
        (&["0", "0", "6", "10", "0"], Some("--missing 0")),
        (&["-1", "0", "1"], None),
        (&["0", "1", "2", "3", "4", "5"], None),
        (&["1", "2", "5"], None),
        (&["-3", "-2", "4"], None),
    ] {
        let said = lines(&csv(&table(values)).1);
        assert_eq!(said.contains("may mean \"not rated\""), expected.is_some(), "{values:?}: {said}");
        assert!(expected.is_none_or(|hint| said.contains(hint)), "{said}");
    }
    let mut alike = vec!["4"; 399];
    alike.push("1");
    assert!(lines(&csv(&table(&alike)).1).contains("399 of 400 ratings are 4"));
    assert!(lines(&csv(&table(&["4"; 9])).1).contains("all 9 ratings are 4: every row counts as liked"));
    assert_eq!(csv(&table(&["4", "1", "3"])).1.n_warned(Warning::RatingsAlike), 0);
}

#[test]
fn values_that_mean_not_rated_are_taken_in_any_writing() {
    for (missing, written) in [
        ("NaN", "nan"),
        ("nan", "NaN"),
        ("-1", "-1.0"),
        ("99", "99"),
        ("NULL", "NULL"),
        ("-", "-"),
        ("0", "0"),
    ] {
        let files =
            Files::new(&[("log.csv", format!("user,item,rating\na,x,{written}\na,y,3\na,z,5\n").as_bytes())]);
        let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
        options.sources[0].missing = ["77", missing].into_iter().collect();
        let (dataset, report) = import(&options).unwrap();
        assert_eq!(
            (dataset.n_interactions(), report.n_dropped(DropReason::WithoutRating)),
            (2, 1),
            "{missing}"
        );
        let written = serde_json::to_value(&options).unwrap();
        assert_eq!(serde_json::from_value::<ImportOptions>(written).unwrap(), options, "as settings");
    }
    for (text, expected) in [("99", r#"99.0"#), ("NaN", r#""NaN""#), ("NULL", r#""NULL""#)] {
        let missing: Missing = [text].into_iter().collect();
        assert_eq!(serde_json::to_string(&missing).unwrap(), expected);
    }
    assert_eq!(
        serde_json::from_str::<Missing>("[99, \"NaN\"]").unwrap(),
        ["99", "NaN"].into_iter().collect()
    );
    assert_eq!(serde_json::to_string(&Missing::default()).unwrap(), "null");
}

#[test]
fn rows_without_a_time_stand_where_the_file_has_them() {
    let (dataset, report) = csv("user,item,rating,time\na,w,1,\na,x,1,100\na,y,5,\na,z,2,50\nb,x,3,NaT\n");
    assert_eq!(
        rows(&dataset),
        [
            ("a", "z", 200, 50),
            ("a", "w", 100, 100),
            ("a", "x", 100, 100),
            ("a", "y", 500, 100),
            ("b", "x", 300, 50)
        ]
    );
    assert_eq!((report.n_warned(Warning::RowWithoutTime), dataset.clock()), (2 + 1, Clock::Seconds));
    assert!(lines(&report).contains("3 of 5 rows have no time"), "{}", lines(&report));
    assert!(lines(&report).contains("--map time="));
    let (dataset, report) = csv("user,item,rating,time\na,w,1,\na,x,5,\n");
    assert_eq!((rows(&dataset)[1], dataset.clock()), (("a", "x", 500, 1), Clock::Unordered));
    assert!(lines(&report).contains("no row has a time"), "{}", lines(&report));
}

#[test]
fn columns_can_be_left_out_by_an_empty_name() {
    let files = Files::new(&[("log.csv", b"user,item,rating,time\na,x,1,now\na,y,5,then\n")]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.sources[0].columns = "time=".parse().unwrap();
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((rows(&dataset)[1], dataset.clock()), (("a", "y", 500, 1), Clock::Unordered));
    assert!(report.understood()[0].ends_with("time=none; ignored: time"), "{:?}", report.understood());
    options.sources[0].columns = "time=,rating=".parse().unwrap();
    let (dataset, report) = import(&options).unwrap();
    assert_eq!((rows(&dataset)[0].2, report.n_warned(Warning::NoRatingColumn)), (500, 0), "asked for");
    options.sources[0].columns = "user=".parse().unwrap();
    assert!(matches!(import(&options).unwrap_err().problem(), Problem::MissingColumn { .. }));
}

#[test]
fn ids_that_match_nothing_are_told_with_an_example_of_both_sides() {
    let log: String = (0..20).map(|n| format!("u{},{n:04},{}\n", n % 4, n % 5)).collect();
    let items: String = (0..20).map(|n| format!("{n},Title {n}\n")).collect();
    let files = Files::new(&[
        ("log.csv", format!("user,item,rating\n{log}").as_bytes()),
        ("items.csv", format!("id,title\n{items}").as_bytes()),
    ]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("log.csv"));
    options.items = Some(files.path("items.csv"));
    let said = lines(&import(&options).unwrap().1);
    assert!(said.contains("no id of the log is in the items file: e.g. `0000` and `0`"), "{said}");
    options.only_listed_items = true;
    let error = import(&options).unwrap_err().to_string();
    assert!(error.contains("e.g. `0000` and `0`"), "{error}");
}

#[test]
fn whole_numbers_are_the_same_id_with_and_without_a_fraction() {
    let items: &[u8] = b"id,title\n1.0,One\n2,Two\n007,Bond\n1.5,Half\n";
    for (format, name, log) in [
        (Format::Csv, "l.csv", "user,item,rating\n5.0,1,1\n5,2.0,5\n5.00,007,3\n5,1.5,2\n"),
        (
            Format::Jsonl,
            "l.jsonl",
            "{\"user\":5.0,\"item\":1.0,\"rating\":1}\n{\"user\":5,\"item\":2,\"rating\":5}\n\
             {\"user\":\"5\",\"item\":\"007\",\"rating\":3}\n{\"user\":5,\"item\":1.5,\"rating\":2}\n",
        ),
        (Format::Sequences, "s.csv", "user,items\n5.0,1 2.0 007 1.5\n"),
    ] {
        let files = Files::new(&[(name, log.as_bytes()), ("items.csv", items)]);
        let mut options = ImportOptions::new(format, &files.path(name));
        options.items = Some(files.path("items.csv"));
        let (dataset, report) = import(&options).unwrap();
        assert_eq!(report.n_warned(Warning::RowOfUnlistedItem), 0, "{name}");
        let mut ids: Vec<(&str, &str)> = rows(&dataset).iter().map(|row| (row.0, row.1)).collect();
        ids.sort_unstable();
        assert_eq!(ids, [("5", "007"), ("5", "1"), ("5", "1.5"), ("5", "2")], "{name}");
    }
    let (dataset, _) =
        import_text(Format::Jsonl, "l.jsonl", b"{\"user\":\"1.0\",\"item\":\"2.0\"}\n").unwrap();
    assert_eq!(rows(&dataset)[0], ("1.0", "2.0", 500, 0), "text stays as written");
}

#[test]
fn the_way_out_stands_in_the_hint() {
    for (content, message, hint) in [
        ("u1~i1~3\nu1~i2~4\n", "no column for the user id", "--separator"),
        ("1,2,4.5\n1,3,2.5\n", "the first line looks like a row without a header", "--no-header"),
        ("user;item;rating\na;x;1,500\n", "`1,500` is not a number", "--decimal ,"),
        ("user,item,rating\na,x,NaN\n", "rating NaN is not finite", "--missing NaN"),
        ("user,item,time\na,x,soon\n", "`soon` is not a time", "--map time="),
    ] {
        let error = import_text(Format::Csv, "log.csv", content.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().contains(hint), "{}: {}", error, error.hint());
    }
    let mut options = ImportOptions::new(Format::Jsonl, std::path::Path::new("log.jsonl"));
    options.sources[0].no_header = true;
    assert!(import(&options).is_err(), "JSON has no header");
}

#[test]
fn decimal_commas_are_read_where_nothing_else_can_be_meant() {
    let (dataset, report) = csv("user;item;rating\na;x;0,5\na;y;5,0\n");
    assert_eq!((rows(&dataset)[0].2, rows(&dataset)[1].2), (100, 500));
    assert_eq!(report.n_warned(Warning::DecimalCommas), 2);
}

#[test]
fn recbole_files_with_another_separator() {
    let text = b"user_id:token,item_id:token,label:float\nu,a,1\nu,b,0\n";
    let (dataset, report) = import_text(Format::Recbole, "my.inter", text).unwrap();
    assert_eq!(rows(&dataset), [("u", "a", 500, 0), ("u", "b", 100, 1)]);
    assert_eq!(report.sources[0].columns.rating.as_deref(), Some("label:float"));
}

#[test]
fn a_preview_shows_the_first_rows_as_read_and_as_rescaled() {
    let files = Files::new(&[
        ("l.csv", b"user,item,rating,time\na,x,0.5,1500000000\na,y,5,\nb,x,,3\nb,y,2.75,1500000001\n"),
        ("i.csv", b"id,title,genres\nx,Ex,A|B\n"),
    ]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("l.csv"));
    options.items = Some(files.path("i.csv"));
    let preview = preview(&options, 2).unwrap();
    let [first, second] = &preview.rows[..] else { panic!("two rows: {:?}", preview.rows) };
    assert_eq!((first.user.as_str(), first.item.as_str(), first.rating_read.as_str()), ("a", "x", "0.5"));
    assert_eq!((first.rating, first.date.as_deref()), (1.0, Some("2017-07-14 02:40:00")));
    assert_eq!((first.title.as_str(), first.categories.len()), ("Ex", 2));
    assert_eq!((second.rating, second.time, second.title.as_str()), (5.0, None, "y"));
    assert_eq!(preview.dataset.n_interactions(), 3);
}

#[test]
fn nothing_in_words_is_nothing() {
    let files = Files::new(&[
        ("l.csv", b"user,item,rating\na,x,1\na,y,5\n"),
        ("i.csv", b"id,title,genres\nx,nan,nan\ny,Nan,A|NULL\n"),
        ("none.csv", b"id,title,genres\n"),
    ]);
    let mut options = ImportOptions::new(Format::Csv, &files.path("l.csv"));
    options.items = Some(files.path("i.csv"));
    let (dataset, _) = import(&options).unwrap();
    let items = dataset.catalogue.items();
    assert_eq!((items[0].title.as_str(), items[1].title.as_str()), ("x", "Nan"));
    assert_eq!(dataset.catalogue.categories(), ["A"]);
    options.items = Some(files.path("none.csv"));
    assert_eq!(import(&options).unwrap().1.n_warned(Warning::EmptyItemsFile), 1);
}

proptest! {
    #[test]
    fn dates_are_written_as_they_are_read(seconds in -60_000_000_000i64..90_000_000_000) {
        prop_assert_eq!(crate::input::parse_time(&crate::preview::date(seconds)).unwrap().0, seconds);
    }
}
