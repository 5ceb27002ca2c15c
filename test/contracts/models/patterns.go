// Reads [[pattern, [text, ...]], ...] from standard input and prints, for each, which texts the pattern matches.
package main

import (
	"encoding/json"
	"os"
	"regexp"
)

func main() {
	var cases [][2]json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	results := [][]bool{}
	for _, one := range cases {
		var pattern string
		var texts []string
		if err := json.Unmarshal(one[0], &pattern); err != nil {
			panic(err)
		}
		if err := json.Unmarshal(one[1], &texts); err != nil {
			panic(err)
		}
		compiled := regexp.MustCompile(pattern)
		matches := []bool{}
		for _, text := range texts {
			matches = append(matches, compiled.MatchString(text))
		}
		results = append(results, matches)
	}
	json.NewEncoder(os.Stdout).Encode(results)
}
