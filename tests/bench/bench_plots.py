# SPDX-License-Identifier: MIT
"""The results as pictures: SVG by gnuplot, one function each."""
import os
import shutil
import statistics
import subprocess

import bench_growth
import bench_stats
from bench_regimes import REGIMES, TWO

# Okabe and Ito's colours, which people who do not tell red from green can tell apart.
BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#555555"
COLOURS = {"sockgreet": BLUE, "nginx": ORANGE, "bare": GREY, "xinetd": GREEN, "tutorial": PINK}
TITLES = {
    "bare": "bare C loop", "bare-close": "bare C loop, no lingering", "sockgreet-close": "sockgreet, no lingering",
    "sockgreet-summary": "sockgreet, log summary", "sockgreet-each": "sockgreet, log each, 300/s at most",
    "sockgreet-all": "sockgreet, log each, no limit", "nginx-log": "nginx, access log",
    **{f"sockgreet{suffix}-{kind}": f"sockgreet, {title}" for suffix in ("", "-udp") for kind, title in
       (("limits", "limits"), ("guarded", "limits, lists, sandbox"), ("unguarded", "no sandbox"))},
    "sockgreet-1000": "sockgreet, 1000 listeners", "sockgreet-defaults": "sockgreet, built-in defaults",
    "nginx-rate": "nginx, set up for rate",
    "bare-udp": "bare C loop", "sockgreet-udp": "sockgreet", "nginx-udp": "nginx",
    "nginx-udp-rate": "nginx, set up for rate",
}
TCP = ("bare", "sockgreet", "nginx", "nginx-rate", "xinetd", "tutorial")
UDP = ("bare-udp", "sockgreet-udp", "nginx-udp", "nginx-udp-rate")
SHOWN = {"cpu": ("bare-close", "sockgreet-close", "sockgreet-limits", "sockgreet-guarded", *TCP),
         "udp-cpu": ("sockgreet-udp-limits", "sockgreet-udp-guarded", *UDP),
         "first-greeting": (*TCP, "sockgreet-defaults"),
         "logging": ("sockgreet", "sockgreet-summary", "sockgreet-each", "sockgreet-all", "nginx", "nginx-log")}
PARTS = ("c1", "c2", "c64", "c1024")
SPREAD = "lines: quartiles of all rounds"
CURVE_STEPS = 8  # points of a latency curve for each nine

SPAN = 'vectors heads size screen 0.006,90 linewidth 1.6 linecolor rgb "#000000"'

HEAD = """set encoding utf8
set terminal svg size {width},{height} font "Helvetica,Arial,sans-serif,15" background "#ffffff" linewidth 1.2
set output "{path}"
set label 1 "{title}" at screen 0.025, screen {title_at} left font ",18" noenhanced
set tmargin {top}
set key at screen 0.97, screen {key_at} right vertical maxrows 1 noenhanced samplen 1.4
set border 3 linecolor "#666666"
set tics nomirror out textcolor "#222222"
set grid linecolor "#dddddd" linetype 1 linewidth 0.6
set datafile missing "nan"
"""


def colour(name):
    return RED if name.endswith("-rate") else COLOURS[name.split("-")[0]]


def title_of(name):
    return TITLES.get(name, name)


def draw(path, title, body, width=900, height=480, key=True):
    """Runs gnuplot on a script. Title and key stand above the picture, in rows of their own."""
    script = HEAD.format(path=path, title=title, width=width, height=height, title_at=1 - 26 / height,
                         key_at=1 - 52 / height, top=4.8 if key else 2.8) + body
    subprocess.run(["gnuplot"], input=script, encoding="utf-8", check=True, timeout=60)


def block(name, rows):
    """A named data block."""
    return f"${name} << EOD\n" + "\n".join(" ".join(str(cell) for cell in row) for row in rows) + "\nEOD\n"


def bars(path, title, unit, entries, form="%.1f"):
    """Horizontal bars with a line for the quartiles. entries: (text, colour, numbers)."""
    rows, labels = [], []
    for place, (text, colour_of, numbers) in enumerate(entries):
        y = len(entries) - 1 - place
        low, high = bench_stats.quartiles(numbers)
        rows.append((statistics.median(numbers), y, low, high, int(colour_of[1:], 16)))
        labels.append(f'"{text}" {y}')
    top = max(row[3] for row in rows) * 1.12
    draw(path, title, block("bars", rows) + f"""
set style fill solid 0.85 noborder
set xrange [0:{top:g}]
set yrange [-0.6:{len(entries) - 0.4}]
set ytics ({", ".join(labels)}) scale 0
set grid noytics
set xlabel "{unit}"
unset key
plot $bars using (0):2:(0):1:($2-0.36):($2+0.36):5 with boxxyerror linecolor rgb variable, \\
     $bars using 3:2:($4-$3):(0) with {SPAN}, \\
     $bars using 4:2:(sprintf("{form}", $1)) with labels left offset 0.8,0 textcolor "#222222"
""", height=125 + 40 * len(entries), key=False)


def present(results, names, path):
    return [name for name in names if bench_stats.values(results, name, path)]


def bar_entries(results, names, path, scale=1.0):
    return [(title_of(name), colour(name), [value * scale for value in bench_stats.values(results, name, path)])
            for name in present(results, names, path)]


def plot_cpu(results, path, regime):
    bars(path, f"Server CPU per TCP greeting, {regime.title} (less is better)", f"microseconds, 64 clients; {SPREAD}",
         bar_entries(results, SHOWN["cpu"], f"{regime.name}.c64.server.cpu_us_each"))


def plot_udp_cpu(results, path, regime):
    bars(path, f"Server CPU per UDP reply, {regime.title} (less is better)", f"microseconds, 64 outstanding; {SPREAD}",
         bar_entries(results, SHOWN["udp-cpu"], f"{regime.name}.c64.server.cpu_us_each"), "%.2f")


def plot_logging(results, path, regime):
    entries = bar_entries(results, SHOWN["logging"], f"{regime.name}.c64.per_second", 1e-3)
    entries = [(text if text not in ("sockgreet", "nginx") else f"{text}, log off", *rest) for text, *rest in entries]
    bars(path, "TCP greetings a second while logging to journald (more is better)",
         f"thousands a second, 64 clients, {regime.title}; {SPREAD}", entries)


def plot_memory(results, path, regime):
    bars(path, "Memory of all processes after load (less is better)", f"PSS in MB; {SPREAD}",
         bar_entries(results, TCP, f"{regime.name}.pss_loaded", 1e-6), "%.2f")


def plot_first(results, path, regime):
    bars(path, "From exec to the first greeting (less is better)", f"milliseconds; {SPREAD}",
         bar_entries(results, SHOWN["first-greeting"], f"{regime.name}.first_greeting_ms"))


def groups_by_clients(results, path, regime, title, names, label):
    """A rate with 1, 2, 64 and 1024 clients: a group of bars for each."""
    names = present(results, names, f"{regime.name}.c1024.per_second")
    data, plots, wide = "", [], 0.8 / len(names)
    for place, name in enumerate(names):
        rows = []
        for group, part in enumerate(PARTS):
            numbers = [value / 1000 for value in bench_stats.values(results, name, f"{regime.name}.{part}.per_second")]
            if not numbers:
                continue
            left = group - 0.4 + place * wide
            rows.append((left, left + wide * 0.88, statistics.median(numbers), *bench_stats.quartiles(numbers)))
        key = name.replace("-", "_")
        data += block(key, rows)
        plots.append(f'${key} using 1:(0):1:2:(0):3 with boxxyerror linecolor rgb "{colour(name)}" '
                     f'title "{title_of(name)}"')
        plots.append(f"${key} using (($1+$2)/2):4:(0):($5-$4) with {SPAN} notitle")
    draw(path, title, data + f"""
set style fill solid 0.85 noborder
set xrange [-0.55:3.55]
set xtics ("1" 0, "2" 1, "64" 2, "1024" 3) scale 0
set grid noxtics
set yrange [0:*]
set xlabel "{label}"
set ylabel "thousands a second; lines: quartiles"
plot {", ".join(plots)}
""")


def plot_rate(results, path, regime):
    groups_by_clients(results, path, regime, f"TCP greetings a second, {regime.title} (more is better)", TCP, "clients at once")


def plot_udp_rate(results, path, regime):
    groups_by_clients(results, path, regime, f"UDP replies a second, {regime.title} (more is better)", UDP,
                      "requests outstanding")


def curves(results, path, title, part, names):
    """Latency over percentiles, wider towards the end, where it matters."""
    data, plots = "", []
    for name in present(results, names, f"{part}.latency_us.curve"):
        curve = bench_stats.median_curve(bench_stats.values(results, name, f"{part}.latency_us.curve"))
        key = name.replace("-", "_")
        data += block(key, [(10 ** (i / CURVE_STEPS), value / 1000) for i, value in enumerate(curve)])
        plots.append(f'${key} with lines linewidth 2.6 linecolor rgb "{colour(name)}" title "{title_of(name)}"')
    draw(path, title, data + f"""
set logscale xy
set xrange [1:10000]
set xtics ("0" 1, "50" 2, "90" 10, "99" 100, "99.9" 1000, "99.99" 10000)
set mytics 10
set format y "%g"
set xlabel "percentile; median of all rounds at each"
set ylabel "latency in milliseconds"
plot {", ".join(plots)}
""")


def plot_latency(results, path, regime):
    curves(results, path, f"TCP latency with 64 clients, {regime.title} (less is better)", f"{regime.name}.c64", TCP)


def plot_open(results, path, regime):
    curves(results, path, f"TCP latency at {results['rates'][regime.name]:.0f} a second, {regime.title} (less is better)",
           f"{regime.name}.open", TCP)


def plot_lingering(results, path, _):
    rows = [(clients, row["own"] / 1e6, row["p50"] / 1000, row["p99"] / 1000)
            for clients, row in bench_growth.medians(results)]
    each = statistics.median(climb["bytes_each"] for climb in results["growth"])
    draw(path, f"Lingering clients: memory, {each:.0f} bytes each, and latency of others (less is better)",
         block("rows", rows) + f"""
set multiplot layout 1,2
set xlabel "lingering clients"
set xrange [0:{rows[-1][0] * 1.05:g}]
set xtics ({", ".join(f'"{n}" {n}' for n in (0, 2500, 5000, 7500, 10000))})
set ylabel "user memory of all processes in MB"
set yrange [0:{max(row[1] for row in rows) * 1.3:g}]
unset key
plot $rows using 1:2 with linespoints linewidth 2.4 pointtype 7 pointsize 0.7 linecolor rgb "{BLUE}"
unset label 1
set logscale x
set xrange [0.8:{rows[-1][0] * 1.3:g}]
set xtics ("1" 1, "10" 10, "100" 100, "1000" 1000, "10 000" 10000)
set ylabel "latency of {bench_growth.RATE} others a second in ms"
set yrange [0:{max(row[3] for row in rows) * 1.5:g}]
set key at graph 0.97, graph 0.97 right top vertical
plot $rows using 1:4 with linespoints linewidth 2.4 pointtype 5 pointsize 0.7 linecolor rgb "{ORANGE}" title "p99", \\
     $rows using 1:3 with linespoints linewidth 2.4 pointtype 7 pointsize 0.7 linecolor rgb "{BLUE}" title "p50"
unset multiplot
""", width=1000, height=420, key=False)


def plot_soak(soak, path):
    data, plots = "", []
    pids = sorted(soak["growth"], key=int)
    for shade, pid in zip((GREY, BLUE, SKY, ORANGE, GREEN, PINK), pids):
        rows = [(one["seconds"] / 60, one["processes"][pid]["own"] / 1024) for one in soak["samples"]
                if pid in one["processes"]]
        data += block(f"pid{pid}", rows)
        name = soak["growth"][pid]["name"]
        plots.append(f'$pid{pid} with lines linewidth 2.4 linecolor rgb "{shade}" title "{name}"')
    draw(path, f"Memory during {soak['seconds'] / 60:.0f} minutes of load (flat is right)", data + f"""
set xlabel "minutes"
set ylabel "KiB of its own (not from files)"
set xrange [0:*]
set yrange [0:*]
plot {", ".join(plots)}
""")


PLOTS = {"cpu": plot_cpu, "rate": plot_rate, "latency": plot_latency, "open-loop": plot_open, "udp-rate": plot_udp_rate,
         "udp-cpu": plot_udp_cpu, "logging": plot_logging, "memory": plot_memory, "first-greeting": plot_first,
         "lingering": plot_lingering}
NEEDS = {"cpu": "c64", "rate": "c1024", "latency": "c64", "open-loop": "open", "udp-rate": "c1024", "udp-cpu": "c64",
         "logging": "c64", "memory": "c64", "first-greeting": "first_greeting_ms"}
IN_BOTH = ("cpu", "rate", "latency", "open-loop", "udp-rate", "udp-cpu")  # the others are of two generators


def drawable(results, name, regime):
    """Whether there is something to draw: the part that a picture needs, of one of the servers that it shows."""
    if regime is not TWO and name not in IN_BOTH:
        return False
    if name == "lingering":
        return bool(results.get("growth"))
    servers = UDP if name.startswith("udp") else SHOWN.get(name, TCP)
    return bool(present(results, servers, f"{regime.name}.{NEEDS[name]}"))


def plot_all(results, soak, directory):
    """All pictures for which there are figures, into a directory. Returns their names; none without gnuplot."""
    if not shutil.which("gnuplot"):
        return []
    drawn = [(name, regime) for name in PLOTS for regime in REGIMES if results and drawable(results, name, regime)]
    for name, regime in drawn:
        PLOTS[name](results, os.path.join(directory, f"{name}{regime.suffix()}.svg"), regime)
    names = [name + regime.suffix() for name, regime in drawn]
    if soak:
        plot_soak(soak, os.path.join(directory, "soak.svg"))
        names.append("soak")
    return names
