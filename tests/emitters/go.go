// Hard texts as Go's writers write them: go run go.go TEXTS INTO V2 V3 SIGS
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"
	sigs "sigs.k8s.io/yaml"
)

type object = map[string]any

func document(payload object) object {
	return object{"schedules": object{"e": object{"at": "2027-06-01T09:00:00Z", "lambda": "f", "payload": payload}}}
}

func write(texts []string, name, program string, dump func(any) ([]byte, error)) {
	var file bytes.Buffer
	fmt.Fprintf(&file, "# %s, %s\n", program, runtime.Version())
	for number, text := range texts {
		put := func(place string, payload object) {
			line := object{"text": number, "place": place}
			defer func() {
				if why := recover(); why != nil {
					line["failed"] = fmt.Sprint(why)
				}
				written, _ := json.Marshal(line)
				file.Write(append(written, '\n'))
			}()
			if yaml, err := dump(document(payload)); err != nil {
				line["failed"] = err.Error()
			} else {
				line["yaml"] = string(yaml)
			}
		}
		put("value", object{"v": text, "l": []string{text}})
		put("key", object{text: object{text: "x"}})
	}
	if err := os.WriteFile(os.Args[2]+"/"+name+".jsonl", file.Bytes(), 0o644); err != nil {
		panic(err)
	}
}

func main() {
	content, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var texts []string
	if err := json.Unmarshal(content, &texts); err != nil {
		panic(err)
	}
	write(texts, "yaml-v2", "gopkg.in/yaml.v2 "+os.Args[3], func(value any) ([]byte, error) { return yaml2.Marshal(value) })
	write(texts, "yaml-v3", "gopkg.in/yaml.v3 "+os.Args[4], func(value any) ([]byte, error) { return yaml3.Marshal(value) })
	write(texts, "sigs-yaml", "sigs.k8s.io/yaml "+os.Args[5], func(value any) ([]byte, error) { return sigs.Marshal(value) })
}
