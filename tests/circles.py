#!/usr/bin/env python3
"""Fails when files of daemon/ depend on each other in circles, by the symbols of the built objects.

Usage: circles.py ROOT FOLDER=MOST...   ROOT/FOLDER/*.o are the objects of a folder

A circle over two folders is never allowed; one inside a folder may have MOST files. For each that is
too large the one edge is printed without which most of it falls apart, with the symbols it stands for.
"""
import pathlib
import subprocess
import sys


def read(objects):
    """Which object needs which symbols of which other one: {name: {name: [symbol, ...]}}."""
    defined, needed = {}, {}
    for name, path in objects.items():
        listing = subprocess.run(["nm", "-P", "--extern-only", path], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        needed[name] = set()
        for line in listing.splitlines():
            symbol, kind = line.split()[:2]
            if kind == "U":
                needed[name].add(symbol)
            else:
                defined[symbol] = name
    edges = {name: {} for name in objects}
    for name, symbols in needed.items():
        for symbol in sorted(symbols):
            other = defined.get(symbol)
            if other and other != name:
                edges[name].setdefault(other, []).append(symbol)
    return edges


def circles(nodes, edges):
    """The strongly connected components of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges[node]:
            if other not in nodes:
                continue
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            circle = stack[at:]
            del stack[at:]
            if len(circle) > 1:
                found.append(sorted(circle))

    for node in sorted(nodes):
        if node not in index:
            visit(node)
    return found


def best_cut(circle, edges):
    """The edge without which the largest circle that is left is smallest; of these the thinnest."""
    def left(cut):
        without = {a: {b for b in edges[a] if (a, b) != cut} for a in circle}
        return max(map(len, circles(set(circle), without)), default=1)

    inside = [(a, b) for a in circle for b in edges[a] if b in circle]
    return min(inside, key=lambda cut: (left(cut), len(edges[cut[0]][cut[1]]), cut))


def main(root, rules):
    most = dict(rule.split("=") for rule in rules)
    objects = {f"{folder}/{path.stem}": path for folder in most
               for path in sorted(pathlib.Path(root, folder).glob("*.o"))}
    edges = read(objects)
    bad = 0
    for circle in circles(set(objects), edges):
        folders = {name.rpartition("/")[0] for name in circle}
        allowed = 1 if len(folders) > 1 else int(most[folders.pop()])
        if len(circle) <= allowed:
            continue
        bad += 1
        a, b = best_cut(circle, edges)
        print(f"a circle of {len(circle)} files, {allowed} allowed: {' '.join(circle)}\n"
              f"    cut {a} -> {b}: {' '.join(edges[a][b])}")
    return 1 if bad else 0


sys.setrecursionlimit(10000)
sys.exit(main(sys.argv[1], sys.argv[2:]))
