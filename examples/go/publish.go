// An existing service publishes orders: the AWS SDK and nothing of ours.
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

const mostTries = 5

type order struct {
	OrderID  string            `json:"orderId"`
	Customer map[string]string `json:"customer"`
	Payment  map[string]string `json:"payment"`
	Items    []item            `json:"items"`
	Total    total             `json:"total"`
}
type item struct {
	SKU       string `json:"sku"`
	Quantity  int    `json:"quantity"`
	UnitPrice int    `json:"unitPrice"`
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

// placed gives the event of an order; made once per order, and the same however often it is sent.
func placed(orderID string) event {
	return event{"1.0", rand.Text(), "/shop/checkout", "shop.order.placed.v1", time.Now().UTC(), order{
		OrderID:  orderID,
		Customer: map[string]string{"id": "c-7", "phone": "+821012345678", "locale": "ko"},
		Payment:  map[string]string{"token": "tok_visa"},
		Items:    []item{{"KB-01", 1, 12000}},
		Total:    total{12000, "KRW"},
	}}
}

func (e event) message() *string {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts, numbers and a time: there is nothing in it that JSON could not say
	}
	return aws.String(string(body))
}

type publisher struct {
	sns   *sns.Client
	topic string
}

func newPublisher(ctx context.Context, topic string) (*publisher, error) {
	// The SDK repeats a call that was throttled, failed with 5xx or got no answer, and waits longer each time. If the first try was
	// taken and only its answer lost, the order arrives twice, as a message with a new id. That is safe: the shop goes by the
	// order's id, so nobody is charged twice, and sending again is always better than wondering.
	settings, err := config.LoadDefaultConfig(ctx,
		config.WithRetryMode(aws.RetryModeStandard),
		config.WithRetryMaxAttempts(mostTries),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(3*time.Second)))
	return &publisher{sns.NewFromConfig(settings), topic}, err
}

func (p *publisher) publish(ctx context.Context, e event) error {
	answer, err := p.sns.Publish(ctx, &sns.PublishInput{TopicArn: &p.topic, Message: e.message()})
	if err == nil {
		fmt.Printf("published %s as %s\n", e.Data.OrderID, *answer.MessageId)
	}
	return err
}

// publishAll publishes ten in a call, which is the most SNS takes (and 256 KB), and gives how many were not taken.
func (p *publisher) publishAll(ctx context.Context, events []event) (notTaken int, err error) {
	for start := 0; start < len(events) && err == nil; start += 10 {
		var missing int
		missing, err = p.publishTen(ctx, events[start:min(start+10, len(events))])
		notTaken += missing
	}
	return notTaken, err
}

// publishTen sends again what failed: a batch can succeed in part, with status 200, which no SDK repeats.
func (p *publisher) publishTen(ctx context.Context, events []event) (notTaken int, err error) {
	waiting := map[string]event{}
	for _, e := range events {
		waiting[e.ID] = e
	}
	for tries := 1; len(waiting) > 0; tries++ {
		var entries []types.PublishBatchRequestEntry
		for id, e := range waiting {
			entries = append(entries, types.PublishBatchRequestEntry{Id: aws.String(id), Message: e.message()})
		}
		answer, err := p.sns.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &p.topic, PublishBatchRequestEntries: entries})
		if err != nil {
			return notTaken, err
		}
		for _, taken := range answer.Successful {
			fmt.Printf("published %s as %s\n", waiting[*taken.Id].Data.OrderID, *taken.MessageId)
			delete(waiting, *taken.Id)
		}
		for _, failed := range answer.Failed {
			if failed.SenderFault || tries == mostTries {
				fmt.Fprintf(os.Stderr, "not published %s: %s %s\n",
					waiting[*failed.Id].Data.OrderID, aws.ToString(failed.Code), aws.ToString(failed.Message))
				delete(waiting, *failed.Id)
				notTaken++
			}
		}
		if len(waiting) > 0 {
			time.Sleep(mathrand.N(100 * time.Millisecond << tries))
		}
	}
	return notTaken, nil
}

func main() {
	ctx, topic, orderIDs := context.Background(), os.Args[1], os.Args[2:]
	if len(orderIDs) == 0 {
		orderIDs = []string{"o-1001"}
	}
	var events []event
	for _, orderID := range orderIDs {
		events = append(events, placed(orderID))
	}
	notTaken := 0
	publisher, err := newPublisher(ctx, topic)
	if err == nil && len(events) == 1 {
		err = publisher.publish(ctx, events[0])
	} else if err == nil {
		notTaken, err = publisher.publishAll(ctx, events)
	}
	if err != nil {
		// Nobody but the caller knows what to do now: keep the order and try later (see outbox/), or tell the customer.
		fmt.Fprintln(os.Stderr, "not published:", err)
	}
	if err != nil || notTaken > 0 {
		os.Exit(1)
	}
}
