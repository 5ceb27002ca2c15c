// Publishes orders from an existing service with the AWS SDK only.
//
//	go run . <topic ARN> [order id ...]
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const maxAttempts = 5

type order struct {
	OrderID     string            `json:"orderId"`
	OrderNumber string            `json:"orderNumber"`
	Customer    map[string]string `json:"customer"`
	Payment     map[string]string `json:"payment"`
	Items       []item            `json:"items"`
	Charges     []charge          `json:"charges"`
	Total       total             `json:"total"`
}
type item struct {
	SKU       string `json:"sku"`
	Quantity  int    `json:"quantity"`
	UnitPrice int    `json:"unitPrice"`
}
type charge struct {
	Kind   string `json:"kind"`
	Amount int    `json:"amount"`
}
type total struct {
	Amount   int    `json:"amount"`
	Currency string `json:"currency"`
}
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Data        order     `json:"data"`
}

// newOrderPlaced builds the event of an order. Build it once per order: every attempt must send the same event.
func newOrderPlaced(orderID string) event {
	return event{"1.0", rand.Text(), "/shop/checkout", "shop.order.placed.v1", time.Now().UTC(), order{
		OrderID:     orderID,
		OrderNumber: "#1029",
		Customer:    map[string]string{"id": "c-7", "phone": "+821012345678", "locale": "ko"},
		Payment:     map[string]string{"token": "tok_visa"},
		Items:       []item{{"KB-01", 1, 12000}},
		Charges:     []charge{{"shipping", 3000}},
		Total:       total{15000, "KRW"},
	}}
}

func (e event) message() *string {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // cannot happen: strings, numbers and a time can always be marshalled
	}
	return aws.String(string(body))
}

type publisher struct {
	sns   *sns.Client
	topic string
}

func newPublisher(ctx context.Context, topic string) (*publisher, error) {
	// The SDK retries throttled calls, 5xx responses and timeouts with exponential backoff. If SNS accepted the first attempt and
	// only the response was lost, the order arrives twice, with different message ids. That is safe: the shop deduplicates by
	// order id, so nobody is charged twice. Always send again when in doubt.
	settings, err := config.LoadDefaultConfig(ctx,
		config.WithRetryMode(aws.RetryModeStandard),
		config.WithRetryMaxAttempts(maxAttempts),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(3*time.Second)))
	return &publisher{sns.NewFromConfig(settings), topic}, err
}

func (p *publisher) publish(ctx context.Context, e event) error {
	output, err := p.sns.Publish(ctx, &sns.PublishInput{TopicArn: &p.topic, Message: e.message()})
	if err == nil {
		fmt.Printf("published %s as %s\n", e.Data.OrderID, *output.MessageId)
	}
	return err
}

// publishAll publishes in batches of ten, the most SNS accepts per call (together at most 256 KB). It returns how many were not published.
func (p *publisher) publishAll(ctx context.Context, events []event) (failures int, err error) {
	for start := 0; start < len(events) && err == nil; start += 10 {
		var batchFailures int
		batchFailures, err = p.publishBatch(ctx, events[start:min(start+10, len(events))])
		failures += batchFailures
	}
	return failures, err
}

// publishBatch publishes one batch. It retries entries that failed: a batch can fail in part with status 200, which no SDK retries.
func (p *publisher) publishBatch(ctx context.Context, events []event) (failures int, err error) {
	pending := map[string]event{}
	for _, e := range events {
		pending[e.ID] = e
	}
	for attempt := 1; len(pending) > 0; attempt++ {
		var entries []types.PublishBatchRequestEntry
		for id, e := range pending {
			entries = append(entries, types.PublishBatchRequestEntry{Id: aws.String(id), Message: e.message()})
		}
		output, err := p.sns.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &p.topic, PublishBatchRequestEntries: entries})
		if err != nil {
			return failures, err
		}
		for _, published := range output.Successful {
			fmt.Printf("published %s as %s\n", pending[*published.Id].Data.OrderID, *published.MessageId)
			delete(pending, *published.Id)
		}
		for _, failed := range output.Failed {
			// A sender fault fails in the same way on every attempt.
			if failed.SenderFault || attempt == maxAttempts {
				fmt.Fprintf(os.Stderr, "not published %s: %s %s\n",
					pending[*failed.Id].Data.OrderID, aws.ToString(failed.Code), aws.ToString(failed.Message))
				delete(pending, *failed.Id)
				failures++
			}
		}
		if len(pending) > 0 {
			time.Sleep(mathrand.N(100 * time.Millisecond << attempt))
		}
	}
	return failures, nil
}

func main() {
	ctx, topic, orderIDs := context.Background(), os.Args[1], os.Args[2:]
	if len(orderIDs) == 0 {
		orderIDs = []string{"o-1001"}
	}
	var events []event
	for _, orderID := range orderIDs {
		events = append(events, newOrderPlaced(orderID))
	}
	failures := 0
	publisher, err := newPublisher(ctx, topic)
	if err == nil && len(events) == 1 {
		err = publisher.publish(ctx, events[0])
	} else if err == nil {
		failures, err = publisher.publishAll(ctx, events)
	}
	if err != nil {
		// Only the caller can decide what to do now: store the order and retry later (see outbox/), or tell the customer.
		fmt.Fprintln(os.Stderr, "not published:", err)
	}
	if err != nil || failures > 0 {
		os.Exit(1)
	}
}
