# SPDX-License-Identifier: ISC
"""What bench/run found, as a table with ratios and bars, as JSON, and as a plot (SVG)."""

import html
import json
import statistics

OURS, NULL, VETH, THEIRS, LIMIT = "tacet-wg", "null", "veth", "wireguard-go", "X25519 / 4"

# row -> contender -> what our ratio to it is to be: at least, where more is better, else at most.
BARS = {
    "tcp1": {THEIRS: 7.0, NULL: 0.60},
    "tcp4": {THEIRS: 7.5, NULL: 0.60},
    "reverse": {THEIRS: 7.0, NULL: 0.60},
    "large_lossless": {THEIRS: 3.4, NULL: 0.95},
    "small_lossless": {THEIRS: 2.7, NULL: 0.95},
    "segments": {THEIRS: 9.0, NULL: 0.40},
    "rtt_p50": {THEIRS: 0.40, NULL: 1.1},
    "large_cpu": {THEIRS: 0.32, NULL: 1.7},
    "small_cpu": {NULL: 1.2},
    "handshakes": {THEIRS: 1.5, LIMIT: 0.60},
    "memory": {THEIRS: 0.25},
}
NULL_TO_VETH = 0.50  # of TCP, one stream: the pipeline itself


def values_of(rounds, name, row):
    """Of the rounds in which it came about."""
    return [values[row] for values in rounds.get(name, ()) if row in values]


def ratios(rounds, mine, other, row):
    """The one's value to the other's, of each round in which both have the row."""
    return [a[row] / b[row] for a, b in zip(rounds.get(mine, ()), rounds.get(other, ()))
            if row in a and row in b]


def number(value):
    """Three digits, or all before the point."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def verdict(row, other, direction, median):
    """How the median of ratios stands to its bar: (the bar, whether it is reached), or None."""
    bar = BARS.get(row, {}).get(other)
    if bar is None:
        return None
    return bar, (median >= bar if direction > 0 else median <= bar)


class Report:
    """rows: (key, title, unit, direction); rounds: {contender: [{row: value}]}."""

    def __init__(self, rows, rounds, problems):
        self.rows = rows
        self.rounds = rounds
        self.problems = problems
        self.contenders = [name for name in rounds if name != LIMIT]

    def comparisons(self, row, direction):
        """[(other, all ratios, (bar, is reached) or None)] of ours."""
        found = []
        for other in self.rounds:
            all_ratios = ratios(self.rounds, OURS, other, row)
            if other in (OURS, VETH) or not all_ratios:
                continue
            found.append((other, all_ratios,
                          verdict(row, other, direction, statistics.median(all_ratios))))
        return found

    def print_table(self):
        """Medians of each contender, then ours to theirs."""
        others = [name for name in self.rounds if name not in (OURS, VETH)]
        print("Medians, then ours to theirs: the median of the rounds' ratios (least to greatest), "
              "and the bar for it.\n")
        print(f"{'':30}{'':>6}", *(f"{name:>13}" for name in self.contenders),
              *(f"{'to ' + name:>34}" for name in others))
        for row, title, unit, direction in self.rows:
            medians = [values_of(self.rounds, name, row) for name in self.contenders]
            if not any(medians):
                continue
            cells = [f"{number(statistics.median(values)) if values else '-':>13}"
                     for values in medians]
            found = {other: self.ratio_cell(all_ratios, bar, direction)
                     for other, all_ratios, bar in self.comparisons(row, direction)}
            print(f"{title:30}{unit:>6}", *cells, *(f"{found.get(other, ''):>34}" for other in others))
        self.print_pipeline()

    @staticmethod
    def ratio_cell(all_ratios, bar, direction):
        """A ratio as text."""
        text = (f"{statistics.median(all_ratios):.2f} ({min(all_ratios):.2f} to "
                f"{max(all_ratios):.2f})")
        if bar:
            text += f" {'>=' if direction > 0 else '<='}{bar[0]:g} {'yes' if bar[1] else 'NO'}"
        return text

    def print_pipeline(self):
        """The null tunnel against no tunnel at all."""
        found = ratios(self.rounds, NULL, VETH, "tcp1")
        if found:
            median = statistics.median(found)
            print(f"\nnull to veth, TCP one stream: {median:.2f} ({min(found):.2f} to {max(found):.2f}) "
                  f">={NULL_TO_VETH:g} {'yes' if median >= NULL_TO_VETH else 'NO'}")

    def bars(self):
        """Each bar: row, contender, ratio, bar, whether it is reached."""
        return [{"row": row, "to": other, "ratio": statistics.median(all_ratios), "bar": bar[0],
                 "reached": bar[1]}
                for row, _, _, direction in self.rows
                for other, all_ratios, bar in self.comparisons(row, direction) if bar]

    def write_json(self, path, about):
        """Every value of every round, medians, bars."""
        medians = {name: {row: statistics.median(values) for row, *_ in self.rows
                          if (values := values_of(self.rounds, name, row))}
                   for name in self.rounds}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"about": about, "medians": medians, "bars": self.bars(),
                       "rounds": self.rounds, "problems": self.problems}, file, indent=1)

    def write_svg(self, path):
        """For each row a group of bars, as shares of the row's greatest."""
        shown = [row for row in self.rows
                 if sum(bool(values_of(self.rounds, name, row[0])) for name in self.contenders) > 1]
        with open(path, "w", encoding="utf-8") as file:
            file.write(Plot(self.contenders, self.rounds).draw(shown))


class Plot:
    """Horizontal bars, without a library."""

    COLOURS = ("#1b5e7d", "#7aa6b8", "#b9c0c4", "#c46a3b", "#8a6d9e", "#5f8a4f")
    LEFT, WIDTH, RIGHT, BAR, GAP, TOP = 230, 480, 150, 11, 12, 56

    def __init__(self, contenders, rounds):
        self.contenders = contenders
        self.rounds = rounds
        self.parts = []

    def text(self, x, y, words, extra=""):
        """Some words."""
        self.parts.append(f'<text x="{x}" y="{y}" {extra}>{html.escape(words)}</text>')

    def draw(self, rows):
        """The whole picture."""
        y = self.TOP
        for row, title, unit, direction in rows:
            y = self.draw_row(y, row, f"{title.strip()}, {unit}", direction)
        x = self.LEFT
        for name, colour in zip(self.contenders, self.COLOURS):
            self.parts.append(f'<rect x="{x}" y="28" width="12" height="12" fill="{colour}"/>')
            self.text(x + 17, 38, name)
            x += 30 + 8 * len(name)
        self.text(8, 20, "Tunnels in turn, medians; lines from least to greatest", 'font-weight="bold"')
        width = self.LEFT + self.WIDTH + self.RIGHT
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
                f'viewBox="0 0 {width} {y}" font-family="sans-serif" font-size="12">\n'
                f'<rect width="{width}" height="{y}" fill="#fff"/>\n' + "\n".join(self.parts)
                + "\n</svg>\n")

    def draw_row(self, y, row, title, direction):
        """One group; the y below it."""
        found = {name: values for name in self.contenders
                 if (values := values_of(self.rounds, name, row))}
        most = max(max(values) for values in found.values())
        self.text(8, y + 10, title)
        self.text(8, y + 23, "more is better" if direction > 0 else "less is better",
                  'fill="#777" font-size="10"')
        for name, colour in zip(self.contenders, self.COLOURS):
            if name in found:
                self.draw_bar(y, colour, found[name], self.WIDTH / most)
                y += self.BAR + 2
        return y + self.GAP

    def draw_bar(self, y, colour, values, scale):
        """The median, and the range."""
        median, middle = statistics.median(values), y + self.BAR / 2
        self.parts.append(f'<rect x="{self.LEFT}" y="{y}" width="{median * scale:.1f}" '
                          f'height="{self.BAR}" fill="{colour}"/>')
        self.parts.append(f'<line x1="{self.LEFT + min(values) * scale:.1f}" '
                          f'x2="{self.LEFT + max(values) * scale:.1f}" y1="{middle}" y2="{middle}" '
                          'stroke="#000"/>')
        self.text(round(self.LEFT + max(values) * scale + 6), y + 10, number(median))
