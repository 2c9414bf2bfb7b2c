mibench.take(...["boards",[{"name":"mini","title":"Mini world","world":"mini","wording":"builtin wording","seed":0,"pairs":true}]]);
