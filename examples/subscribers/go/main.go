// Follows a shop's orders: receives events from a partner's queue with the AWS SDK only, and does its work once for each.
//
//	QUEUE_URL=<PartnerCrmQueueUrl> JOURNAL=journal.jsonl go run .
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const longestWaitSeconds = 3600

type reader struct {
	sqs      *sqs.Client
	queueURL string
	journal  *journal
}

// receive waits up to 20 seconds for messages and handles them one after the other. From a FIFO queue it takes one at a time: an
// order's steps stay in sequence. Run several readers to be quicker; SQS never gives two of them messages of one order. Ten messages
// must be done within the queue's 60 seconds of visibility.
func (r *reader) receive(ctx context.Context) error {
	most := int32(10)
	if strings.HasSuffix(r.queueURL, ".fifo") {
		most = 1
	}
	received, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &r.queueURL,
		MaxNumberOfMessages:         most,
		WaitTimeSeconds:             20,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return err
	}
	for _, message := range received.Messages {
		// What was received is finished, also while the program is told to end.
		err = errors.Join(err, r.handle(context.WithoutCancel(ctx), message))
	}
	return err
}

// handle works on one message, and deletes it afterwards; one that fails comes again, each time later.
func (r *reader) handle(ctx context.Context, message types.Message) error {
	if err := r.work(aws.ToString(message.Body)); err != nil {
		// 2, 4, 8 seconds and so on. After twenty receives, which take ten hours, the queue moves it to its dead-letter queue.
		receives, _ := strconv.ParseFloat(message.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)], 64)
		seconds := int32(min(math.Pow(2, receives), longestWaitSeconds))
		log.Printf("failed %s: %v; again in %d s", aws.ToString(message.MessageId), err, seconds)
		_, err := r.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &r.queueURL, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: seconds,
		})
		return err
	}
	_, err := r.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &r.queueURL, ReceiptHandle: message.ReceiptHandle})
	return err
}

func (r *reader) work(body string) error {
	event, err := parseEvent([]byte(body))
	if err != nil {
		return err
	}
	isNew, err := r.journal.workOnce(event)
	if err != nil {
		return err
	}
	outcome := "skipped"
	if isNew {
		outcome = "done"
	}
	fmt.Println(outcome, event.Type, event.Data.OrderID)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	journal, err := openJournal(cmp.Or(os.Getenv("JOURNAL"), "journal.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	r := &reader{sqs.NewFromConfig(settings), os.Getenv("QUEUE_URL"), journal}
	for ctx.Err() == nil {
		if err := r.receive(ctx); err != nil && ctx.Err() == nil {
			// The SDK has retried already. What was received and not deleted comes again.
			log.Printf("SQS: %v", err)
			time.Sleep(5 * time.Second)
		}
	}
}
