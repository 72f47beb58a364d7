//! Texts to speak. Each is said in one class of length; what a synthesiser makes of them is
//! what the recogniser is asked to write down again, so they hold no names, numbers or signs
//! that can be written in two ways.

use super::Class;

/// Commands of 2 to 3 seconds.
const SHORT: [&str; 8] = [
    "Turn on the light in the kitchen, please.",
    "What will the weather be like tomorrow?",
    "Remind me to call my sister this evening.",
    "Please close the window before it rains.",
    "Where did you put the keys to the car?",
    "Play some quiet music in the living room.",
    "The train to the city leaves in an hour.",
    "How long does it take to boil an egg?",
];

/// A sentence or two, 5 to 10 seconds.
const MEDIUM: [&str; 6] = [
    "The garden behind the house was quiet in the morning. A small bird sat on the old fence \
     and waited for the sun to come out.",
    "She opened the letter at once, read it twice, and put it back on the table without a word. \
     Then she went out for a walk.",
    "If the water in the river rises any higher, the farmers will have to move their animals to \
     the hills before the end of the week.",
    "We bought bread, butter, apples and a bottle of milk at the market. On the way home it \
     began to snow, and the road was empty.",
    "The teacher asked the children to write down what they had seen at the museum. Most of them \
     wrote about the great clock in the hall.",
    "Nobody in the village could remember such a long winter. The lake was frozen for months, \
     and people walked across it to visit their friends.",
];

/// A paragraph, 15 to 30 seconds.
const LONG: [&str; 3] = [
    "The old man had lived by the sea for most of his life, and he knew every stone on the \
     beach. In the summer he repaired boats for the fishermen, and in the winter he told stories \
     to anyone who would listen. Children came from the whole village to sit in his kitchen. \
     They liked the story of the storm best, because it was true, and because nobody was lost.",
    "On the first day of the journey we crossed the mountains before noon. The path was narrow \
     and covered with loose stones, so we walked slowly and spoke little. From the top we could \
     see the whole valley, with its fields and rivers and the white houses of the town. We sat \
     down in the grass, ate what we had brought with us, and looked at it for a long time.",
    "A good library is more than a room full of books. It is a place where people meet, where \
     they can ask a question without feeling foolish, and where it is quiet enough to think. \
     When the city wanted to close ours, more people came to the meeting than the hall could \
     hold. They stood on the stairs and in the street, and in the end the library stayed open.",
];

/// The texts of a class; noise and silence have none.
pub fn of_class(class: Class) -> &'static [&'static str] {
    match class {
        Class::Short => &SHORT,
        Class::Medium => &MEDIUM,
        Class::Long => &LONG,
        Class::Noise | Class::Silence | Class::Probe => &[],
    }
}

/// A text of some minutes: it keeps a slot until its client hangs up. About 3,000 characters,
/// which every service lets through that takes what OpenAI's does.
pub fn minutes() -> String {
    let texts = LONG.iter().chain(&MEDIUM).copied();
    texts.cycle().take(12).collect::<Vec<_>>().join(" ")
}

/// A speed for the request `number` of a run that no other request of it has, so that no cache
/// answers in the place of the voice. It is within 1 % of the voice's own, which can't be heard.
pub fn unique_speed(run: u64, number: u64) -> f64 {
    /// About as many as a 32-bit number tells apart within 1 % of 1.
    const STEPS: u64 = 1 << 16;
    let step = run.wrapping_add(number) % STEPS;
    0.99 + 0.02 * step as f64 / STEPS as f64
}
