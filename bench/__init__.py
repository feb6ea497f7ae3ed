"""How fast the console is, as ratios to yardsticks that are measured in the same run: `./run bench`."""
