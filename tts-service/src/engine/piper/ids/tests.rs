use serde_json::json;

use super::*;

fn characters(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

#[test]
fn the_longest_cluster_is_one_phoneme() {
    let clusters = ["aɪ", "aɪə"]
        .iter()
        .map(|it| it.chars().collect())
        .collect();
    let phonemes: Vec<char> = "faɪəaɪa".chars().collect();
    assert_eq!(
        merge_clusters(&phonemes, &clusters),
        ["f", "aɪə", "aɪ", "a"]
    );
}

#[test]
fn every_phoneme_is_followed_by_a_pad_and_an_unknown_one_is_left_out() {
    let config = json!({
        "audio": {"sample_rate": 22050},
        "phoneme_type": "text",
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3], "b": [4, 5]},
    });
    let config = VoiceConfig::parse(config.to_string().as_bytes()).unwrap();
    let ids = to_ids(&config, &characters("abxa"));
    assert_eq!(ids, [1, 0, 3, 0, 4, 5, 0, 3, 0, 2]);
}

#[test]
fn a_long_sentence_is_cut_where_it_pauses() {
    for (sentence, most, parts) in [
        ("ab", 4, vec!["ab"]),
        ("", 4, vec![""]),
        ("aaa, bb cc", 6, vec!["aaa, ", "bb cc"]),
        ("aaa bbb ccc", 8, vec!["aaa bbb ", "ccc"]),
        ("a bbbbbbbbb", 6, vec!["a bbbb", "bbbbb"]),
        ("aaaaaaaaa", 4, vec!["aaaa", "aaaa", "a"]),
    ] {
        let sentence = characters(sentence);
        let texts: Vec<String> = cut(&sentence, most).iter().map(|it| it.concat()).collect();
        assert_eq!(texts, parts);
    }
}
