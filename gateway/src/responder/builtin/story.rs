//! Stories that are long enough to be interrupted.

use super::language::Language;

/// A minute and more of speech.
pub(super) fn tell(language: Language) -> &'static str {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
    }
}

const ENGLISH: &str = "\
Once upon a time there was a lighthouse on a small island, and in the lighthouse lived a keeper \
who had never seen the other side of the sea. \
Every evening she climbed the two hundred steps, lit the lamp, and looked at the ships that passed. \
She gave each of them a name, because she would never learn the real one. \
One night a storm came up, so strong that the windows sang. \
The keeper saw a light on the water where no light should be. \
It rose and fell with the waves, and it blinked: three times short, three times long. \
She answered with her lamp, as well as she could. \
The light came nearer, hour after hour, until she heard oars below the rocks. \
In the boat sat an old man with a box on his knees. \
He had rowed for two days, he said, because he had heard of a lamp that never went out. \
In the box there was a clock, and the clock had stopped. \
His village lived by that clock: it told when to sow, when to bake, and when to go home. \
Since it stood still, nobody had slept well. \
The keeper knew nothing about clocks, but she knew about lamps, and that most things need only be \
cleaned. \
They sat at the table, took the wheels out one by one, and wiped the salt away. \
At sunrise the last wheel was in its place, and the clock began to tick. \
The old man laughed, and the keeper laughed too, for the first time in a long while. \
What do I owe you, he asked. \
She thought for a moment. \
Tell me what is on the other side of the sea, she said. \
So he told her, and it took him the whole day, and it was not very different from this side. \
When he rowed home she stood at the window and waved until the boat was a dot. \
And since then, whenever a ship passes, she no longer gives it a name: she asks for it, three times \
short, three times long. \
That was the story.";

const GERMAN: &str = "\
Es war einmal ein Leuchtturm auf einer kleinen Insel, und in dem Leuchtturm lebte eine Wärterin, \
die noch nie auf der anderen Seite des Meeres gewesen war. \
Jeden Abend stieg sie die zweihundert Stufen hinauf, zündete die Lampe an und sah den Schiffen nach. \
Sie gab jedem von ihnen einen Namen, denn den richtigen würde sie nie erfahren. \
Eines Nachts kam ein Sturm auf, so stark, dass die Fenster sangen. \
Da sah die Wärterin ein Licht auf dem Wasser, wo kein Licht sein durfte. \
Es hob und senkte sich mit den Wellen, und es blinkte: dreimal kurz, dreimal lang. \
Sie antwortete mit ihrer Lampe, so gut sie konnte. \
Das Licht kam näher, Stunde um Stunde, bis sie unter den Felsen Ruder hörte. \
In dem Boot saß ein alter Mann mit einer Kiste auf den Knien. \
Zwei Tage sei er gerudert, sagte er, denn er habe von einer Lampe gehört, die niemals ausgehe. \
In der Kiste war eine Uhr, und die Uhr war stehen geblieben. \
Sein Dorf lebte nach dieser Uhr: sie sagte, wann gesät wurde, wann gebacken und wann man nach Hause \
ging. \
Seit sie stand, hatte niemand mehr gut geschlafen. \
Die Wärterin verstand nichts von Uhren, aber von Lampen, und sie wusste, dass man die meisten Dinge \
nur putzen muss. \
Sie setzten sich an den Tisch, nahmen ein Rad nach dem anderen heraus und wischten das Salz ab. \
Bei Sonnenaufgang saß das letzte Rad an seinem Platz, und die Uhr begann zu ticken. \
Der alte Mann lachte, und auch die Wärterin lachte, zum ersten Mal seit langer Zeit. \
Was bin ich dir schuldig, fragte er. \
Sie dachte einen Augenblick nach. \
Erzähl mir, was auf der anderen Seite des Meeres ist, sagte sie. \
Also erzählte er, und es dauerte den ganzen Tag, und es war gar nicht so anders als hier. \
Als er nach Hause ruderte, stand sie am Fenster und winkte, bis das Boot ein Punkt war. \
Und seitdem gibt sie den Schiffen keine Namen mehr: sie fragt danach, dreimal kurz, dreimal lang. \
Das war die Geschichte.";
