// Blobs of format version 1, sealed once and never again: what was stored must open for as long as there are backups.

export const DATA_KEY = 'paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=';
export const TEXT = '{"frozen":[1,2.50,-0,1e400,"\\ud800"],"__proto__":{}}';

export const BLOBS = {
  encrypted: [
    'QktVUAEAAALxeyJibG9iSWQiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiIsImtpbmQiOiJzdGF0ZSIsInJlc291',
    'cmNlSWQiOiJmcm96ZW4iLCJyZXNvdXJjZVR5cGUiOiJnZW5lcmljIiwiYmFja3VwSWQiOiJiYWNrdXAtMSIsInNlcXVlbmNlIjox',
    'LCJ0eXBlIjoiZnVsbCIsImNoYWluSWQiOiJiYWNrdXAtMSIsImNoYWluIjpbXSwiY2hlY2tzdW0iOiIwMDgxMzA0ZDA2MjgxZmZi',
    'ZDNmY2IwMGQ2MDk0M2VkZDZjZDU1MGQzZWY1NjliOGIzZjU0MmNmMzE5ZDZhNmJlIiwic2l6ZSI6NTIsIm1ldGFkYXRhIjp7InZl',
    'cnNpb24iOiIxLjAiLCJzb3VyY2UiOiJhcGkiLCJ0YWdzIjp7ImZyb3plbiI6InllcyJ9LCJyZXRlbnRpb25EYXlzIjowfSwiY3Jl',
    'YXRlZEF0IjoxNzY3MjI1NjAwMDAwLCJwbGFpbkJ5dGVzIjo1MiwicGxhaW5TaGEyNTYiOiIwMDgxMzA0ZDA2MjgxZmZiZDNmY2Iw',
    'MGQ2MDk0M2VkZDZjZDU1MGQzZWY1NjliOGIzZjU0MmNmMzE5ZDZhNmJlIiwiY29kZWMiOiJnemlwIiwiY29tcHJlc3NlZEJ5dGVz',
    'Ijo4MiwiY2lwaGVyIjoiYWVzLTI1Ni1jYmMiLCJrZXkiOnsia2V5SWQiOiJsb2NhbCIsImtleVZlcnNpb24iOiIxIiwid3JhcHBl',
    'ZCI6IkFBQUEifSwibWVzc2FnZUlkIjoiYm1tZk1vUlNISEJZTGxTT0RPdktlMTIxVXVjQXdXak5xQlh1OStMa00wYz0iLCJpdiI6',
    'IjFEejZBUXF6WkJ6UlBHQ0l0cVFBY0E9PSIsImNvbW1pdG1lbnQiOiI2RklGcGs1ZVVXU0ZHdHk0U25qc3pkUTVuVkIxWGVldFNV',
    'MFpxRnlTV1pRPSJ9xwSNgL2cXd3kEnQJC/i0jfB7nV5J/MQpRZF0BWK5/oGwinbAzqCNpWctePb5lGXkFoKPtLsL2YKufzP3b3+G',
    '+L9lOYaJwt5nLXCv7O6BNPtJf9vvq5M7BGzfo/xWRhLsNhLKzP/3ScBZs8VDicy6R/YESJ9lngV22Dl4IEnTARs=',
  ].join(''),
  inClear: [
    'QktVUAEAAAIZeyJibG9iSWQiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiIsImtpbmQiOiJzdGF0ZSIsInJlc291',
    'cmNlSWQiOiJmcm96ZW4iLCJyZXNvdXJjZVR5cGUiOiJnZW5lcmljIiwiYmFja3VwSWQiOiJiYWNrdXAtMSIsInNlcXVlbmNlIjox',
    'LCJ0eXBlIjoiZnVsbCIsImNoYWluSWQiOiJiYWNrdXAtMSIsImNoYWluIjpbXSwiY2hlY2tzdW0iOiIwMDgxMzA0ZDA2MjgxZmZi',
    'ZDNmY2IwMGQ2MDk0M2VkZDZjZDU1MGQzZWY1NjliOGIzZjU0MmNmMzE5ZDZhNmJlIiwic2l6ZSI6NTIsIm1ldGFkYXRhIjp7InZl',
    'cnNpb24iOiIxLjAiLCJzb3VyY2UiOiJhcGkiLCJ0YWdzIjp7ImZyb3plbiI6InllcyJ9LCJyZXRlbnRpb25EYXlzIjowfSwiY3Jl',
    'YXRlZEF0IjoxNzY3MjI1NjAwMDAwLCJwbGFpbkJ5dGVzIjo1MiwicGxhaW5TaGEyNTYiOiIwMDgxMzA0ZDA2MjgxZmZiZDNmY2Iw',
    'MGQ2MDk0M2VkZDZjZDU1MGQzZWY1NjliOGIzZjU0MmNmMzE5ZDZhNmJlIiwiY29kZWMiOiJnemlwIiwiY29tcHJlc3NlZEJ5dGVz',
    'Ijo4MiwiY2lwaGVyIjoibm9uZSJ9H4sIBAAAAAAA/wgAQksEAFIAAACrVkoryq9KzVOyijbUMdIzNdDRNdAxTDUxMNBRiilNsTAw',
    'UIrVUYqPLyjKL8mPj1eyqq6tBQCZsKTDNAAAANgxwRlu30htEMgjZPvjoRfYOI8O1qwP5K48nyt41RUo',
  ].join(''),
};
