package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

type orderEvent struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Type   string `json:"type"`
	Data   struct {
		OrderID string `json:"orderId"`
	} `json:"data"`
	whole []byte
}

// key is what a redelivered or replayed event is recognized by; SQS's message id is another one each time.
type key struct{ source, id string }

// parseEvent reads the event of a message, which is bare.
func parseEvent(body []byte) (orderEvent, error) {
	event := orderEvent{whole: body}
	if err := json.Unmarshal(body, &event); err != nil {
		return event, err
	}
	if event.ID == "" || event.Source == "" || event.Type == "" || event.Data.OrderID == "" {
		return event, errors.New("not an event of an order")
	}
	return event, nil
}

// journal remembers the work that was done.
//
// The file stands for your database, and its one write for one transaction: what you do with the event, and a row with the unique key
// (source, id). What is done and what is remembered then never differ, whenever the process dies. Several readers need that database.
type journal struct {
	path string
	done map[key]bool
}

func openJournal(path string) (*journal, error) {
	j := &journal{path, map[key]bool{}}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range bytes.Lines(content) {
		event, err := parseEvent(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		j.done[key{event.Source, event.ID}] = true
	}
	return j, nil
}

// workOnce does the work of an event, unless it was done before. It returns whether it was done now.
func (j *journal) workOnce(event orderEvent) (bool, error) {
	k := key{event.Source, event.ID}
	if j.done[k] {
		return false, nil
	}
	var line bytes.Buffer
	if err := json.Compact(&line, event.whole); err != nil {
		return false, err
	}
	line.WriteByte('\n')
	file, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	_, err = file.Write(line.Bytes())
	if err = errors.Join(err, file.Close()); err != nil {
		return false, err
	}
	j.done[k] = true
	return true, nil
}
