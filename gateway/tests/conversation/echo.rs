use voice_stack_gateway::conversation::{Command, Event, Input, Settings, State};

use crate::scene::{Scene, ms, settings};

fn bot_speaks(echo_cancelled: bool) -> Scene {
    let mut scene = Scene::new(Settings {
        echo_cancelled,
        ..settings()
    });
    scene.ask_and_hear("the quick brown fox jumps over the lazy dog.", 5000);
    scene.until(3200);
    scene
}

fn is_pause(command: &Command) -> bool {
    matches!(command, Command::Pause { .. })
}

#[test]
fn what_sounds_like_the_bot_does_not_pause_it() {
    let mut scene = bot_speaks(false);
    scene.tell(Input::SpeechStarted {
        at: ms(3000),
        echo: Some(0.9),
    });
    scene.until(4000);
    assert_eq!(scene.count(is_pause), 0);
    scene.silence(3800);
    scene.until(30_000);
    assert_eq!(scene.state(), State::Listening);
}

#[test]
fn a_client_that_cancels_echo_is_believed() {
    let mut scene = bot_speaks(true);
    scene.tell(Input::SpeechStarted {
        at: ms(3000),
        echo: Some(0.9),
    });
    assert_eq!(scene.count(is_pause), 1);

    let mut scene = bot_speaks(false);
    scene.tell(Input::SpeechStarted {
        at: ms(3000),
        echo: Some(0.9),
    });
    scene.tell(Input::EchoCancelled(true));
    assert_eq!(scene.count(is_pause), 1);
}

#[test]
fn somebody_who_joins_the_echo_is_heard() {
    let mut scene = bot_speaks(false);
    scene.tell(Input::SpeechStarted {
        at: ms(3000),
        echo: Some(0.9),
    });
    scene.until(3300);
    scene.tell(Input::EchoCorrelation(0.8));
    assert_eq!(scene.count(is_pause), 0);
    scene.tell(Input::EchoCorrelation(0.3));
    assert_eq!(scene.count(is_pause), 1);
}

#[test]
fn what_turns_out_to_be_echo_lets_the_bot_go_on() {
    let mut scene = bot_speaks(false);
    scene.speech(3000);
    scene.tell(Input::EchoCorrelation(0.95));
    assert_eq!(
        scene.count(|it| matches!(it, Command::Resume { at: 1200, .. })),
        1
    );
    scene.until(3900);
    assert_eq!(scene.state(), State::BotSpeaks);
}

#[test]
fn words_that_the_bot_has_just_said_do_not_interrupt_it() {
    for (text, interrupts) in [
        ("brown fox", false),
        ("Quick, brown", false),
        ("fox brown", true),
    ] {
        let mut scene = bot_speaks(false);
        scene.speech(3000);
        scene.until(3500);
        scene.silence(3300);
        scene.transcript(text);
        let resumed = scene.count(|it| matches!(it, Command::Resume { .. })) == 1;
        assert_eq!(resumed, !interrupts, "{text}");
    }
}

#[test]
fn the_same_words_interrupt_where_the_client_cancels_echo() {
    let mut scene = bot_speaks(true);
    scene.speech(3000);
    scene.until(3500);
    scene.silence(3300);
    scene.transcript("brown fox");
    assert_eq!(scene.count(|it| matches!(it, Command::Resume { .. })), 0);
}

#[test]
fn the_tail_of_the_bot_s_voice_is_no_turn() {
    let mut scene = bot_speaks(false);
    scene.until(7200);
    assert_eq!(scene.state(), State::Listening);
    scene.speech(7000);
    scene.until(7500);
    scene.silence(7300);
    scene.until(7800);
    scene.transcript("the lazy dog");
    let turn = scene.turn();
    assert!(scene.emitted(&Event::NothingUnderstood { turn }));
}

#[test]
fn what_was_taken_for_echo_and_outlasts_the_bot_is_a_user() {
    let mut scene = bot_speaks(false);
    scene.until(6500);
    scene.tell(Input::SpeechStarted {
        at: ms(6300),
        echo: Some(0.8),
    });
    scene.until(7100);
    assert_eq!(scene.state(), State::UserSpeaks);
}
