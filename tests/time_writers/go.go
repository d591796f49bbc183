// Schedule files as yaml.v3 writes Go's times: go run go.go INTO VERSION
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"gopkg.in/yaml.v3"
)

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	at := func(nanoseconds int, zone *time.Location) time.Time {
		return time.Date(2027, 6, 1, 9, 0, 0, nanoseconds, zone)
	}
	east := at(0, berlin)
	write("yaml-v3", map[string]any{
		"utc":          at(0, time.UTC),
		"east":         east,
		"west":         at(0, time.FixedZone("", -19800)),
		"midnight":     time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC),
		"east-rfc3339": east.Format(time.RFC3339),
		"local":        east.Format("2006-01-02 15:04:05"),
		"local-minutes":      east.Format("2006-01-02T15:04"),
	})
	write("yaml-v3.refused", map[string]any{
		"fraction":    at(500_000_000, time.UTC),
		"east-string": east.String(),
		"utc-string":  at(0, time.UTC).String(),
		"east-mail":   east.Format(time.RFC1123Z),
		"epoch":       at(0, time.UTC).Unix(),
		"epoch-nano":  at(0, time.UTC).UnixNano(),
		"date":        east.Format("2006-01-02"),
	})
}

func write(name string, times map[string]any) {
	entries := map[string]any{}
	for name, at := range times {
		entries[name] = map[string]any{"at": at, "lambda": "f"}
	}
	document := map[string]any{"defaults": map[string]any{"timezone": "Europe/Berlin"}, "schedules": entries}
	text, err := yaml.Marshal(document)
	if err != nil {
		panic(err)
	}
	head := fmt.Sprintf("# gopkg.in/yaml.v3 %s, %s\n", os.Args[2], runtime.Version())
	if err := os.WriteFile(os.Args[1]+"/"+name+".yaml", append([]byte(head), text...), 0o644); err != nil {
		panic(err)
	}
}
