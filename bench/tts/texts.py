"""The texts that everybody speaks: no two alike, and comparable with each other.

A sentence has a place for a name, so that the same sentence can be asked for again and again
without being the same text. Texts of all lengths in a round begin with the same sentences: how
soon the first audio comes is a matter of the first sentence.
"""

import random
from dataclasses import dataclass

NAMES = """
Anna Peter Clara Robert Helen Martin Sarah Victor Laura Simon Emma Daniel Nora Arthur Rosa Walter
Alice Henry Martha Oscar Julia Edgar Irene Philip Grace Conrad Vera Albert Dora Howard
""".split()

# 10 to 14 words each, and one sentence for every contender's splitter.
SENTENCES = """
The train that {} wanted to take left the station ten minutes early.
Nobody had told {} that the museum closes at noon on Sundays.
After the long winter {} planted two rows of beans behind the house.
In the evening {} read the letter aloud to everyone at the table.
The keys that {} lost last week were under the old piano.
A cold wind came from the north while {} walked across the bridge.
The doctor asked {} to come back on the first Monday in May.
Every morning {} drinks a large cup of coffee before the news begins.
The small boat was ready, and {} pushed it slowly into the water.
Most of the pictures on this wall were painted by {} in one summer.
The bill that {} paid at the hotel was far too high.
Three weeks later {} found a better job in another town.
The teacher thanked {} for the careful work on the garden.
When the rain stopped, {} opened all the windows of the kitchen.
The old clock in the hall was a gift from {} to the school.
If the weather is good, {} will drive to the coast tomorrow morning.
The farmer showed {} how to repair the gate with a piece of wire.
There was just enough bread left for {} and the two children.
The second chapter of the book surprised {} more than the first.
On the way home {} bought apples, butter, and a bottle of milk.
The bus driver waited until {} had found a seat near the door.
Both engines were quiet now, and {} could hear the birds again.
The library lets {} keep the heavy atlas for another month.
A short walk along the river helped {} to sleep much better.
The answer that {} gave was polite, but it explained very little.
Before breakfast {} fed the horses and cleaned the yellow barn.
The new software gave {} a clear list of what had to be done.
Late at night {} heard somebody knocking on the garden door.
The path through the forest was longer than {} had expected.
At the market {} sold forty jars of honey in a single hour.
The captain promised {} that the ship would arrive before dark.
Some of the numbers in the report by {} do not add up.
The neighbors invited {} to a dinner with music and dancing.
With a little patience {} taught the dog to carry the newspaper.
The lamp in the corner gave {} just enough light to write.
During the storm {} stayed with friends on the other side of town.
The painter used more blue than {} would have liked for the door.
For the journey {} packed only a coat, a map, and some cheese.
The meeting ended early because {} had already solved the problem.
The village has changed a great deal since {} moved away.
""".strip().splitlines()

SHORT, MIDDLE, LONG = 1, 3, 20
LENGTHS = [SHORT, MIDDLE, LONG]


@dataclass(frozen=True)
class Text:
    """Sentences with a blank between them."""

    sentences: int
    text: str

    @property
    def words(self) -> int:
        return len(self.text.split())


class Author:
    """Writes texts, each only once; the same ones in every run of the benchmark."""

    def __init__(self, seed: int = 1):
        self.random = random.Random(seed)
        self.written: set[str] = set()

    def openings(self, count: int) -> list[str]:
        return self.random.sample(SENTENCES, count)

    def texts(self, sentences: int, count: int, openings: list[str]) -> list[Text]:
        """`count` texts whose first sentences are these in turn."""
        return [self._text(sentences, openings[number % len(openings)]) for number in range(count)]

    def _text(self, sentences: int, opening: str) -> Text:
        while True:
            rest = self.random.sample([it for it in SENTENCES if it != opening], sentences - 1)
            text = " ".join(it.format(self.random.choice(NAMES)) for it in [opening, *rest])
            if text not in self.written:
                self.written.add(text)
                return Text(sentences, text)
